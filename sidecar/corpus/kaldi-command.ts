/** @file The file and channel that a command of a Kaldi recipe reads. Nothing is ever run. */

export interface CommandSource {
  path: string;
  /** From 0. */
  channel?: number;
}

/** Programs that only decode, and the options of theirs that take a value. */
const decoders: Record<string, string[]> = {
  flac: [],
  cat: [],
  lame: ['--quiet'],
  mpg123: [],
  opusdec: ['--rate'],
  oggdec: ['-o'],
  sph2pipe: ['-f', '-c', '-t', '-s'],
  sox: ['-r', '-b', '-c', '-e', '-t', '-v'],
  ffmpeg: ['-i', '-f', '-ar', '-ac', '-acodec', '-c:a', '-loglevel', '-v', '-map_channel'],
};
/** Of sox: what changes nothing but rate and channels. */
const harmless = new Set(['rate', 'remix', 'channels', 'dither', '-D']);

/**
 * `flac -c -d -s X |`, `sph2pipe -f wav -p -c 2 X |`, `sox X -r 16000 -t wav - remix 1 |`, `ffmpeg -i X … |`: X, and its
 * channel where one is taken. Undefined for whatever does more than decode, or is not known.
 */
export function sourceOf(command: string): CommandSource | undefined {
  const text = command.trim();
  if (!text.endsWith('|')) return undefined;
  const [first, ...rest] = text.slice(0, -1).split('|');
  const words = wordsOf(first);
  // What follows may only resample: "flac … | sox - -r 16000 … |".
  if (!words || rest.some((next) => !isResampling(wordsOf(next)))) return undefined;
  const program = words[0]?.split('/').at(-1) ?? '';
  const valued = decoders[program];
  if (!Object.hasOwn(decoders, program) || (program === 'sox' && !isPlainSox(words.slice(1)))) return undefined;
  const plain: string[] = [];
  let channel: number | undefined;
  let input: string | undefined;
  for (let i = 1; i < words.length; i++) {
    const word = words[i];
    if (word === 'remix') channel = Number(words[i + 1]) - 1;
    if (program === 'sph2pipe' && word === '-c') channel = Number(words[i + 1]) - 1;
    if (program === 'ffmpeg' && word === '-i') input = words[i + 1];
    if (valued.includes(word)) i++;
    else if (word === 'remix' || word === 'rate' || word === 'channels') i++;
    else if (!word.startsWith('-')) plain.push(word);
  }
  const path = input ?? plain[0];
  if (!path || (input === undefined && plain.length > 1 && plain[1] !== '-')) return undefined;
  if (channel !== undefined && !(Number.isInteger(channel) && channel >= 0)) return undefined;
  return { path, ...(channel === undefined ? {} : { channel }) };
}

function isPlainSox(words: readonly string[]): boolean {
  const effects = words.slice(words.indexOf('-') + 1).filter((word) => /^[a-z]+$/.test(word));
  return !words.includes('-') || effects.every((word) => harmless.has(word) || ['wav', 'flac', 'raw'].includes(word));
}

const isResampling = (words: string[] | undefined): boolean =>
  words !== undefined && words[0]?.split('/').at(-1) === 'sox' && words[1] === '-' && isPlainSox(words.slice(2));

/** Words as a shell splits them, quotes and backslashes honoured; undefined where it would do more than that. */
function wordsOf(text: string): string[] | undefined {
  if (/[;&`$<>(){}\n]/.test(text)) return undefined;
  const words: string[] = [];
  for (const match of text.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g))
    words.push(
      match[0].replace(
        /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g,
        (_, double, single, escaped) => double ?? single ?? escaped,
      ),
    );
  return words;
}
