/** @file What of an exported folder goes to the hub: its card, and every file, each named before anything is sent. */
import { lstatSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { readSmallFile } from '../model/checkpoint/tensor-file.ts';

export interface Publication {
  /** Absolute. */
  folder: string;
  /** README.md as it lies there. */
  card: string;
  files: { name: string; bytes: number }[];
  bytes: number;
  /** What its card itself says is to be looked up first. */
  notNoted: boolean;
}

const CARD = 'README.md';
const mostFiles = 500;
/** PEFT's form has a folder an expert. */
const deepest = 2;
const mains = /(^|\/)(adapter_config\.json|config\.json)$|\.onnx$/;

/** @throws UserError `publish.*` where it is no export of MiLorE's, or holds what no export holds */
export function publicationOf(path: string): Publication {
  const folder = resolve(path);
  const fail = (why: string, cure: string) =>
    new UserError({ code: 'publish.not-an-export', tried: `publish ${folder}`, why, cure });
  const files: Publication['files'] = [];
  const walk = (under: string, depth: number) => {
    for (const name of readdirSync(join(folder, under)).sort()) {
      const inside = under === '' ? name : `${under}/${name}`;
      const info = lstatSync(join(folder, inside));
      const plain = /^[A-Za-z0-9_][\w.-]{0,200}$/.test(name);
      if (plain && info.isDirectory() && depth < deepest) walk(inside, depth + 1);
      else if (plain && info.isFile()) files.push({ name: inside, bytes: info.size });
      // A link would publish what lies elsewhere; a hidden file may be anything.
      else
        throw fail(`it holds ${JSON.stringify(inside)}, which is no part of an export.`, 'Take it out of the folder.');
      if (files.length > mostFiles) throw fail(`it holds more than ${mostFiles} files.`, 'Publish the export alone.');
    }
  };
  try {
    walk('', 0);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw fail(`${(error as Error).message}.`, 'Name a run, or the folder of an export.');
  }
  const anew = 'Export the run (milore export) and publish that folder, or name the run.';
  if (!files.some(({ name }) => name === CARD)) throw fail(`it has no ${CARD}.`, anew);
  if (!files.some(({ name }) => mains.test(name))) throw fail('it holds no adapter and no model.', anew);
  const card = readSmallFile(join(folder, CARD), 4 << 20).toString('utf8');
  const matter = /^---\n([\s\S]*?)\n---\n/.exec(card)?.[1];
  if (!matter || !/\bmilore\b/.test(matter)) throw fail('its card was not written by MiLorE.', anew);
  return {
    folder,
    card,
    files,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    notNoted: card.includes('look it up before you publish this'),
  };
}
