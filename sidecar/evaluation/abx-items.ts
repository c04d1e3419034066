/** @file Item files of the ABX task (libri-light's format): where which phone stands, in which context, said by whom. */
import { UserError } from '../errors.ts';

export interface AbxItem {
  file: string;
  onsetSeconds: number;
  offsetSeconds: number;
  phone: string;
  /** The phones before and after. */
  context: string;
  speaker: string;
}

/**
 * Reads `#file onset offset #phone prev-phone next-phone speaker` lines. Throws a `UserError` that names the line for one
 * that has other fields, or times that are none.
 */
export function readItems(text: string, path: string): AbxItem[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const fields = line.trim().split(/\s+/);
    const [file, onset, offset, phone, before, after, speaker] = fields;
    const times = [Number(onset), Number(offset)];
    const fault = (why: string): UserError =>
      new UserError({
        code: 'abx.bad-item',
        tried: 'read the ABX items',
        why,
        cure: 'A line is: file, onset and offset in seconds, phone, the phones before and after, speaker.',
        place: { file: path, line: i + 1, column: 1 },
      });
    if (fields.length !== 7) throw fault(`The line has ${fields.length} fields where seven are wanted.`);
    if (!times.every((time) => Number.isFinite(time) && time >= 0) || times[1] <= times[0])
      throw fault(`"${onset}" to "${offset}" is no stretch of time.`);
    const context = `${before} ${after}`;
    return [{ file, onsetSeconds: times[0], offsetSeconds: times[1], phone, context, speaker }];
  });
}
