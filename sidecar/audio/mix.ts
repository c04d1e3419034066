/** @file From the channels of a piece to the one that is wanted: their mean, or one of them. Knows no format. */
import { audioError } from './problems.ts';
import { mostChannels, type Piece } from './types.ts';

/** `mix` is the mean of all; a number is one of them, 0 the first (left; Kaldi's A or 1). */
export type ChannelChoice = number | 'mix';

/** @throws UserError where the piece has no such channel, or too many. */
export function toMono({ channels }: Piece, choice: ChannelChoice, file: string): Float32Array {
  const count = channels.length;
  if (count > mostChannels) throw tooManyChannels(count, file);
  if (choice !== 'mix') {
    const chosen = channels[choice];
    if (chosen) return Float32Array.from(chosen);
    const has = count === 1 ? '1 channel' : `${count} channels`;
    throw audioError('no-such-channel', file, `channel ${choice + 1} is asked for, but it has ${has}.`);
  }
  const [first, second] = channels;
  if (count === 1) return first instanceof Float32Array ? first : Float32Array.from(first);
  const out = new Float32Array(first.length);
  if (count === 2) {
    for (let i = 0; i < out.length; i++) out[i] = (first[i] + second[i]) / 2;
    return out;
  }
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (const channel of channels) sum += channel[i];
    out[i] = sum / count;
  }
  return out;
}

export function tooManyChannels(count: number, file: string) {
  return audioError('unsupported', file, `it has ${count} channels; up to ${mostChannels} are read.`);
}

/** The largest absolute value of any channel from sample `from` up to `to`. */
export function loudest({ channels }: Piece, from = 0, to = Number.POSITIVE_INFINITY): number {
  let peak = 0;
  for (const channel of channels) {
    const end = Math.min(to, channel.length);
    for (let i = from; i < end; i++) {
      const value = Math.abs(channel[i]);
      if (value > peak) peak = value;
    }
  }
  return peak;
}

/** −34 dB: what is left when two channels that are each other's opposite are added, codecs' losses included. */
const leftOver = 0.02;

/** Whether the mean of the channels is next to nothing while one of them alone is not. */
export function cancels(mixPeak: number, channelPeak: number, channels: number): boolean {
  return channels > 1 && channelPeak > 1e-4 && mixPeak < leftOver * channelPeak;
}
