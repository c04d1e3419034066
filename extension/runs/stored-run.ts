/** @file A run as the extension knows it: what its small files and the end of its log say. It must not know VS Code. */
import type { RunHead } from '../../sidecar/protocol/dashboard.ts';
import { flatSettings, type Scalar } from '../../sidecar/protocol/settings.ts';
import { readLabel } from '../../sidecar/runs/label.ts';
import { type RunDir, readResolved } from '../../sidecar/runs/run.ts';
import { deriveStatus } from '../../sidecar/runs/status.ts';

export interface StoredRun extends RunHead {
  /** Absolute folder. */
  path: string;
  note: string;
  /** The job of a scheduler that began it. */
  job?: string;
  /** As a person named it; empty where nobody did. */
  label: string;
  settings: Readonly<Record<string, Scalar>>;
  /** Before its first step, how far that is, in the words of the dashboard and the status bar. */
  going?: string;
}

/** @param before the same run, where only its log has moved on: its settings are not read again */
export function readStoredRun(run: RunDir, before?: StoredRun): StoredRun {
  const { state, reason, step, steps } = deriveStatus(run);
  const { name, tags, note, pinned } = readLabel(run);
  const resolved = before ? undefined : readResolved(run);
  return {
    id: run.id,
    path: run.path,
    name: name ?? run.name,
    label: name ?? '',
    experiment: run.name,
    createdAt: run.createdAt,
    device: run.compute && run.compute !== 'float32' ? `${run.device}, ${run.compute}` : run.device,
    state,
    reason,
    step,
    steps,
    tags,
    note,
    pinned,
    ...(run.job === undefined ? {} : { job: run.job }),
    ...(run.parent ? { parent: run.parent } : {}),
    languages: before?.languages ?? languagesOf(resolved),
    settings: before?.settings ?? flatSettings(resolved),
  };
}

/** Names of languages, once their table is loaded; until then a code is its own name. */
let nameOf: (code: string) => string | undefined = () => undefined;
export function spellLanguages(names: (code: string) => string | undefined): void {
  nameOf = names;
}

/** The same with the names of its languages as they are known now. */
export const spelled = (run: StoredRun): StoredRun => ({
  ...run,
  languages: run.languages.map((one) => ({ ...one, name: nameOf(one.code) ?? one.code })),
});

/** From a file that anyone may have written. */
function languagesOf(resolved: unknown): RunHead['languages'] {
  const { languages } = (resolved ?? {}) as { languages?: Record<string, { role?: unknown }> };
  if (typeof languages !== 'object' || languages === null) return [];
  return Object.entries(languages).map(([code, spec]) => ({
    code,
    name: nameOf(code) ?? code,
    role: spec?.role === 'existing' ? 'existing' : 'new',
  }));
}
