/**
 * @file The faults of a file as `milore train` tells them: the same reader, the same checks of paths, the same words. It
 * must not check anything of its own.
 */
import { type Diagnostic, DiagnosticSeverity } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { parseClusters } from '../../sidecar/config/clusters.ts';
import { parseDatasets } from '../../sidecar/config/datasets.ts';
import { readDocument } from '../../sidecar/config/document.ts';
import { inOrder, parseExperiment } from '../../sidecar/config/parse.ts';
import { type Files, missing, resolvePaths } from '../../sidecar/config/paths.ts';
import { planSweep, sweepIn } from '../../sidecar/config/sweep.ts';
import { describe, type Problem } from '../../sidecar/errors.ts';
import type { Grammar } from './grammar.ts';
import { headThere, shortClips } from './losses.ts';
import type { Tree } from './tree.ts';

/** Every problem of a text, in the order of the file; `files` is undefined where it lies in no file system yet. */
export async function problemsOf(text: string, file: string, grammar: Grammar, files?: Files): Promise<Problem[]> {
  if (grammar.kind === 'datasets') return problemsOfList(text, file, files);
  if (grammar.kind === 'clusters') return parseClusters(text, file).problems;
  const own = sweepIn(text, file);
  if (own?.experiment !== undefined) return problemsOfSweep(text, file, own.experiment, files);
  const { experiment, partial, problems, places } = parseExperiment(text, file);
  const points = problems.length === 0 && own ? (planSweep(text, file)?.problems ?? []) : [];
  const known = experiment ?? partial;
  if (!known || !files) return [...problems, ...points];
  const onDisk = (await resolvePaths(files, known, files.parent(file), places)).problems;
  return inOrder([...problems, ...points, ...onDisk], file);
}

/** A sweep in a file of its own: its points' faults at its lines, those of the experiment in that one's. */
async function problemsOfSweep(text: string, file: string, named: string, files?: Files): Promise<Problem[]> {
  if (!files) return [];
  const path = files.absolute(named, files.parent(file));
  const base = await files.read(path).catch(() => undefined);
  if (base !== undefined) return planSweep(text, file, { text: base, file: path })?.problems ?? [];
  const fault = (await missing(files, path, 'file', false)) ?? { why: `${path} cannot be read.`, cure: 'Check it.' };
  const { places } = readDocument(text, file);
  const place = places.value(['sweep', 'experiment']);
  return [{ code: 'config.path-missing', tried: 'find sweep.experiment', ...fault, place }];
}

async function problemsOfList(text: string, file: string, files?: Files): Promise<Problem[]> {
  const { problems, places, datasets, models } = parseDatasets(text, file);
  if (!files) return problems;
  const check = async (section: 'datasets' | 'models', name: string, path: string) => {
    const full = files.absolute(path, files.parent(file));
    const fault = await missing(files, full, section === 'models' ? 'folder' : 'either', true);
    const place = places.value([section, name, 'path']);
    return fault ? [{ code: 'config.path-missing', tried: `find ${section}.${name}`, ...fault, place }] : [];
  };
  const found = await Promise.all([
    ...Object.entries(datasets).map(([name, { path }]) => check('datasets', name, path)),
    ...Object.entries(models).map(([name, { path }]) => check('models', name, path)),
  ]);
  return [...problems, ...found.flat()];
}

/** The sentence of the terminal, without the place. */
export const messageOf = (problem: Problem): string => describe({ ...problem, place: undefined });

/** Underlines the key or value that stands at the problem's place, or the rest of its line. */
export function toDiagnostic(problem: Problem, document: TextDocument, tree: Tree): Diagnostic {
  const { line = 1, column = 1 } = problem.place ?? {};
  const start = { line: Math.min(line - 1, document.lineCount - 1), character: column - 1 };
  const offset = document.offsetAt(start);
  const spans = tree.entries.flatMap(({ key, value, kind }) => [key, kind === 'text' ? value : undefined]);
  const span = spans.find((candidate) => candidate?.start === offset);
  const rest = /^[^\n\r#]*/.exec(document.getText().slice(offset))![0].trimEnd().length;
  const end = document.positionAt(span && span.end > offset ? span.end : offset + Math.max(1, rest));
  const loss = problem.code === shortClips;
  const hint = problem.code === headThere;
  return {
    range: { start, end },
    // What is lost is no fault: `milore train` would do it.
    severity: hint ? DiagnosticSeverity.Information : loss ? DiagnosticSeverity.Warning : DiagnosticSeverity.Error,
    code: problem.code,
    ...(problem.fix ? { data: problem.fix } : {}),
    source: 'milore',
    message: loss || hint ? `${problem.why} ${problem.cure}` : messageOf(problem),
  };
}
