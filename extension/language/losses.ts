/**
 * @file What an experiment would lose of data that was inspected: a warning before anybody trains, and its cure. The rule
 * is the dashboard's (sidecar/protocol/alarm-rules.ts).
 */
import { headsInOrder } from '../../sidecar/config/guide/heads.ts';
import { type Experiment, parseExperiment } from '../../sidecar/config/parse.ts';
import { type Files, resolvePaths } from '../../sidecar/config/paths.ts';
import type { Problem } from '../../sidecar/errors.ts';
import { JOIN_SECONDS, LOSS_SHARE, lostAsShort } from '../../sidecar/protocol/alarm-rules.ts';
import type { InspectedData } from './messages.ts';
import type { Entry, Tree } from './tree.ts';
import type { Translate } from './words.ts';

export const shortClips = 'data.short-clips';

/** One for each data set of which more than a twentieth is left out as too short; none where short clips are joined. */
export async function lossesOf(
  text: string,
  file: string,
  files: Files,
  inspected: readonly InspectedData[],
  t: Translate,
): Promise<Problem[]> {
  if (inspected.length === 0) return [];
  const { experiment, places } = parseExperiment(text, file);
  if (!experiment || experiment.audio.joinSeconds !== undefined) return [];
  const { experiment: resolved } = await resolvePaths(files, experiment, files.parent(file), places);
  if (!resolved) return [];
  const { minSeconds } = resolved.audio;
  return Object.entries(resolved.languages).flatMap(([code, { data }]) =>
    data.flatMap((path) => {
      const found = inspected.findLast((one) => one.path === path);
      const lost = found && lostAsShort(found.short, minSeconds);
      if (!found || !lost || lost.clips <= LOSS_SHARE * found.clips) return [];
      return [
        {
          code: shortClips,
          tried: `count the clips of ${code}`,
          why: t(
            '{0} of {1} are shorter than audio.minSeconds ({2} s) and are left out.',
            lost.clips,
            found.clips,
            minSeconds,
          ),
          cure: t(
            'Set audio.joinSeconds (5 is usual) to join a speaker’s short recordings, or lower audio.minSeconds.',
          ),
          place: places.key(['languages', code]),
        },
      ];
    }),
  );
}

/** Seconds of speech of each language all of whose data were inspected. */
export async function speechOf(
  experiment: Experiment,
  file: string,
  files: Files,
  inspected: readonly InspectedData[],
): Promise<Record<string, number>> {
  if (inspected.length === 0) return {};
  const { experiment: resolved } = await resolvePaths(files, experiment, files.parent(file));
  const speech: Record<string, number> = {};
  for (const [code, { data }] of Object.entries(resolved?.languages ?? {})) {
    const found = data.map((path) => inspected.findLast((one) => one.path === path)?.seconds);
    if (found.every((seconds) => seconds !== undefined)) speech[code] = found.reduce((sum, one) => sum + one, 0);
  }
  return speech;
}

/** Where and what to write so that short clips are joined; undefined where `audio` is no section. */
export function joinShort(text: string, tree: Tree): { at: number; write: string } | undefined {
  const key = `joinSeconds: ${JOIN_SECONDS}`;
  const under = (entry: Entry) => entry.path[0] === 'audio' && entry.path.length === 2;
  const audio = tree.entries.find(({ path }) => path.length === 1 && path[0] === 'audio');
  if (!audio) return { at: text.length, write: `${text === '' || text.endsWith('\n') ? '' : '\n'}audio: { ${key} }\n` };
  if (audio.kind === 'nothing' && audio.key) {
    const colon = text.indexOf(':', audio.key.end);
    return colon < 0 ? undefined : { at: colon + 1, write: ` { ${key} }` };
  }
  const first = tree.entries.find(under)?.key;
  if (audio.kind !== 'map' || !audio.value) return undefined;
  if (text[audio.value.start] === '{') return { at: audio.value.start + 1, write: first ? ` ${key},` : ` ${key} ` };
  if (!first) return undefined;
  const indent = text.slice(text.lastIndexOf('\n', first.start - 1) + 1, first.start);
  return { at: first.start, write: `${key}\n${indent}` };
}

export const headThere = 'base.head-there';

/** A file that is called a head lies with the base, and the experiment names none: forgetting would not be measured. */
export async function headsOf(text: string, file: string, files: Files, t: Translate): Promise<Problem[]> {
  const { experiment, places } = parseExperiment(text, file);
  if (!experiment || experiment.base.head !== undefined) return [];
  const { experiment: resolved } = await resolvePaths(files, experiment, files.parent(file), places);
  if (!resolved) return [];
  const folder = resolved.base.model;
  const names = await files.list(folder).catch(() => []);
  const heads = headsInOrder(names.filter((name) => /^head.*\.safetensors$/.test(name)));
  // This one is found by itself.
  if (heads.length === 0 || heads.includes('head.safetensors')) return [];
  const here = files.parent(file);
  const path = files.join(folder, heads[heads.length - 1]);
  const written = path.startsWith(`${here}/`) ? path.slice(here.length + 1) : path;
  return [
    {
      code: headThere,
      tried: 'find the head of the base',
      why: t('Forgetting will not be measured: the experiment names no head of the base.'),
      cure: t('{0} lies with it; name the one that it was pre-trained with as base.head.', heads.join(', ')),
      place: places.key(['base', 'model']),
      fix: { path: ['base', 'head'], write: JSON.stringify(written) },
    },
  ];
}
