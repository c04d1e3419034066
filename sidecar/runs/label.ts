/**
 * @file What a person says about a run: a name, tags, a note, a pin. A small file beside the run's own, so that a copy
 * of the folder keeps it; the run itself never reads it.
 */
import { join } from 'node:path';
import { writeFileAtomic } from '../disk.ts';
import { isRecord, readJson } from './files.ts';

export interface RunLabel {
  /** In place of the experiment's name. */
  name?: string;
  tags: string[];
  note: string;
  pinned: boolean;
}

const file = 'label.json';

/** Anyone may have written it: what is not as it should be is left out. */
export function readLabel(run: { path: string }): RunLabel {
  const value = readJson(join(run.path, file), 100_000);
  const label: RunLabel = { tags: [], note: '', pinned: false };
  if (!isRecord(value)) return label;
  if (typeof value.name === 'string' && value.name.trim() !== '') label.name = value.name.slice(0, 200);
  if (Array.isArray(value.tags))
    label.tags = value.tags.flatMap((tag) => (typeof tag === 'string' ? [tag.slice(0, 60)] : [])).slice(0, 20);
  if (typeof value.note === 'string') label.note = value.note.slice(0, 20_000);
  label.pinned = value.pinned === true;
  return label;
}

export function writeLabel(run: { path: string }, change: Partial<RunLabel>): void {
  writeFileAtomic(join(run.path, file), `${JSON.stringify({ ...readLabel(run), ...change }, null, 2)}\n`);
}
