/** @file What a model's README says about its licence and origin, and what was noted when it was downloaded. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Card, cardOf } from '../config/card.ts';
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

/** The front matter of a model card (`README.md`); nothing where there is none that can be read. */
export function readCard(file: string): Card {
  if (!existsSync(file)) return {};
  return quietly(() => cardOf(readSmallFile(file, 4 << 20).toString('utf8'))) ?? {};
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
