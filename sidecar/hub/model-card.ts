/** @file What a model's README says about its licence and origin, and what was noted when it was downloaded. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readDocument } from '../config/document.ts';
import { UserError } from '../errors.ts';
import { readJsonObject, readSmallFile } from '../model/checkpoint/tensor-file.ts';

/** Written beside the weights when a download ends. */
export const originFile = 'milore.source.json';

const originSchema = z.object({
  source: z.string().max(300),
  revision: z.string().max(200),
  licence: z.string().max(300).optional(),
});
export type Origin = z.output<typeof originSchema>;

/** Where a folder was downloaded from; undefined where nobody noted it, or the note cannot be read. */
export function readOrigin(folder: string): Origin | undefined {
  const file = join(folder, originFile);
  return existsSync(file) ? quietly(() => originSchema.safeParse(readJsonObject(file, 1 << 20)).data) : undefined;
}

export interface Card {
  licence?: string;
  /** The model that this one was made from. */
  base?: string;
}

/** The front matter of a model card (`README.md`); nothing where there is none that can be read. */
export function readCard(file: string): Card {
  if (!existsSync(file)) return {};
  return quietly(() => cardOf(readSmallFile(file, 4 << 20).toString('utf8'))) ?? {};
}

export function cardOf(text: string): Card {
  const front = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1] ?? '';
  const { value = {} } = readDocument(front, 'README.md');
  const base = [value.base_model].flat()[0];
  const licence = licenceOf(value);
  return { ...(licence ? { licence } : {}), ...(typeof base === 'string' ? { base: base.slice(0, 300) } : {}) };
}

/** As cards say it: one word, several, or `other` with a name of its own. */
export function licenceOf(card: Record<string, unknown>): string | undefined {
  const words = [card.license].flat().filter((word): word is string => typeof word === 'string' && word !== '');
  if (words.length === 0) return undefined;
  const name = words[0] === 'other' && typeof card.license_name === 'string' ? card.license_name : undefined;
  return (name ?? words.join(', ')).slice(0, 300);
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
