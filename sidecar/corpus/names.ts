/** @file The file that a manifest means, where its name differs from the one on the disk only in form. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { blameNoFile } from '../machine.ts';

/** What recordings end in where a manifest leaves it out. */
const endings = ['.mp3', '.wav', '.flac', '.ogg', '.opus', '.m4a'];

/** The names of a folder by what they mean, read once. */
const listings = new Map<string, { names: Map<string, string[]>; readAt: number }>();
const keptMs = 5_000;
const mostListings = 1000;

/** One name for every spelling: Unicode NFC (a Mac writes NFD), lower case. */
const meaningOf = (name: string) => name.normalize('NFC').toLowerCase();

function listingOf(folder: string): Map<string, string[]> {
  const known = listings.get(folder);
  if (known && Date.now() - known.readAt < keptMs) return known.names;
  const names = new Map<string, string[]>();
  try {
    for (const name of readdirSync(folder)) {
      const meaning = meaningOf(name);
      names.set(meaning, [...(names.get(meaning) ?? []), name]);
    }
  } catch (error) {
    blameNoFile(`list ${folder}`, error);
    // A folder that is not there, or may not be read, holds nothing.
  }
  if (listings.size >= mostListings) listings.clear();
  listings.set(folder, { names, readAt: Date.now() });
  return names;
}

/** The first of `paths` that is there, or the one file that it can mean; the first as it is where that is none or several. */
export function variantOf(...paths: string[]): string {
  for (const path of paths) if (existsSync(path)) return path;
  for (const path of new Set(paths)) {
    const found = inFolder(path);
    if (found) return found;
  }
  return paths[0];
}

function inFolder(path: string): string | undefined {
  let folder = dirname(path);
  if (folder === path) return undefined;
  if (!existsSync(folder)) folder = inFolder(folder) ?? folder;
  const names = listingOf(folder);
  const wanted = meaningOf(basename(path));
  const same = names.get(wanted);
  if (same?.length === 1) return join(folder, same[0]);
  if (same) return undefined;
  const longer = endings.flatMap((ending) => names.get(wanted + ending) ?? []);
  return longer.length === 1 ? join(folder, longer[0]) : undefined;
}
