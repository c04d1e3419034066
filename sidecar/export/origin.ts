/** @file Whose model the base is: its name on the hub and its licence, where somebody noted them. */
import { statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { readCard, readOrigin } from '../hub/model-card.ts';

export interface BaseOrigin {
  /** `owner/name` on the hub. */
  id?: string;
  revision?: string;
  licence?: string;
}

const HUB_ID = /^[\w-][\w.-]{0,95}\/[\w-][\w.-]{0,95}$/;

/** From the note of a download, the name of a folder of Hugging Face's cache, and the card that lies with the weights. */
export function baseOrigin(where: string): BaseOrigin {
  const folder = statSync(where, { throwIfNoEntry: false })?.isFile() ? dirname(where) : where;
  const noted = readOrigin(folder);
  const cached = folder
    .split(sep)
    .findLast((part) => part.startsWith('models--'))
    ?.slice('models--'.length)
    .replace('--', '/');
  const id = [noted?.source, cached].find((name) => name !== undefined && HUB_ID.test(name));
  const licence = noted?.licence ?? readCard(join(folder, 'README.md')).licence;
  return {
    ...(id ? { id } : {}),
    ...(id && noted?.source === id ? { revision: noted.revision } : {}),
    ...(licence ? { licence } : {}),
  };
}
