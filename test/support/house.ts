/** @file The law of the house: its rooms and who may import whom, with the readers that the test and the docs share. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Who may import whom among the sidecar's rooms; a room may always import itself. design.md gives
 * `engine ← model ← training ← server, cli`, `audio ← corpus ← units, training`, `evaluation` → model, corpus, units.
 * The redesign of 2026-11-25 added `architecture` (pure, for all), `weights` and `objectives` around `model`.
 * It is silent on seven things, decided with this test: `learning` (one model that
 * learns from a batch: model, objective and optimiser on a device) lies below evaluation, which measures it, and training, which drives it; `recognition` (a downstream model that
 * learns text from frozen states) uses the same engine, objectives and optimisers beside it; units cluster what the model computes (units → model);
 * training reads the experiment and writes the run (→ config, runs, units); server and cli compose; what a room may
 * know, it may know the insides of (→ the rooms below it); what a run says is typed in protocol, for all who speak it;
 * `ranks` (several processes that train one model; knows no model) lies below evaluation and training, which share their work out over it;
 * `export` takes a run along in the forms of other programs: above training, whose runs it reads, and hub, whose cards it writes;
 * `studies` makes many runs of one file and says what they differ in: above training, and it writes its tables as `report` does;
 * `jobs` (what was submitted to Slurm) reads runs from their files, so that the editor can use it without a sidecar;
 * `mcp` tells assistants what runs and studies say, and may change nothing;
 * and the extension reads runs from their files (→ runs, errors), so that it needs no sidecar to show them. An arrow that is not here is a question for design.md.
 */
export const rooms: Record<string, readonly string[]> = {
  protocol: [],
  architecture: [],
  config: ['architecture'],
  engine: [],
  audio: [],
  runs: ['protocol'],
  ranks: [],
  weights: ['engine'],
  model: ['engine', 'architecture', 'weights'],
  objectives: ['engine', 'architecture', 'weights', 'model'],
  corpus: ['audio'],
};
const below = (...names: string[]) => [...new Set(names.flatMap((name) => [name, ...rooms[name]]))];
rooms.units = below('objectives', 'corpus');
rooms.optim = below('engine');
rooms.learning = [...below('objectives', 'optim'), 'protocol'];
rooms.recognition = below('learning');
rooms.evaluation = [...below('recognition', 'units'), 'ranks'];
rooms.training = [...below('evaluation', 'config'), 'runs'];
rooms.hub = [...below('model', 'config'), 'protocol'];
rooms.report = below('runs');
rooms.export = below('training', 'hub');
rooms.studies = [...below('training'), 'report'];
rooms.jobs = [...below('runs'), ...below('config')];
rooms.server = [...below('export'), 'report', 'studies'];
rooms.mcp = below('studies');
rooms.cli = [...below('server'), 'mcp', 'jobs'];

/** They make the sample and measure; never shipped, they may know all that the terminal may. */
rooms.sample = [...rooms.cli, 'cli'];
rooms.bench = rooms.sample;

/** The room of a file: `sidecar/engine/ops.ts` is in engine; an entry point (`sidecar/cli.ts`) composes and may know all. */
export function roomOf(file: string): string {
  const [process, first, second] = file.split('/');
  if (process !== 'sidecar') return process;
  return second === undefined ? 'cli' : first;
}

/** Every module that a source names: static, type-only, re-exported, dynamic or required. */
export function importsOf(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const forms = [
    /^\s*(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\b(?:import|require)\(\s*['"`]([^'"`]+)['"`]/g,
    /\bnew URL\(\s*['"]([^'"]+\.ts)['"]\s*,\s*import\.meta\.url/g,
  ];
  return forms.flatMap((form) => [...code.matchAll(form)].map((match) => match[1]));
}

export function sources(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'sample' || entry.name === 'node_modules' ? [] : sources(path);
    return /\.[cm]?[jt]sx?$/.test(entry.name) ? [path] : [];
  });
}
