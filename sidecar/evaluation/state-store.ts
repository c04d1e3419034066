/**
 * @file All hidden states of utterances by one frozen model, computed once and kept: on disk by content, each believed by
 * its checksum alone, or in memory where no folder is given. How much they take is known before any is computed.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { normalise } from '../audio/index.ts';
import { type ScannedUtterance, utteranceSamples } from '../corpus/index.ts';
import type { SessionOptions } from '../engine/session.ts';
import { UserError } from '../errors.ts';
import { freeAt, sizeInWords } from '../machine.ts';
import type { BaseModel } from '../model/checkpoint/base.ts';
import { Pack } from '../units/pack.ts';
import type { WeightFile } from '../weights/file.ts';
import { type Adapted, FrozenStates } from './frozen-states.ts';

export interface FrozenModel {
  base: BaseModel;
  file: WeightFile;
  adapted: Adapted;
}

/** Names what a frozen model makes of speech: base, adapter, and the device, whose numbers differ in their last bits. */
export function modelKey({ base, adapted: { config, parameters } }: FrozenModel, device: string): string {
  const { buffer, byteOffset, byteLength } = parameters.data;
  return createHash('sha256')
    .update(JSON.stringify([base.hash, base.normalise, device, config.adapter]))
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex')
    .slice(0, 32);
}

/** Of hidden states in memory at once, where they are not kept on disk. */
const MOST_IN_MEMORY = 4e9;

type Wanted = Pick<ScannedUtterance, 'hash' | 'samples'>;

export class StateStore {
  readonly key: string;
  readonly layers: number;
  readonly width: number;
  private readonly pack?: Pack;
  private readonly memory = new Map<string, Float32Array>();
  private states?: Promise<FrozenStates>;
  private ended = false;

  /** @param cache where they are kept; in memory without one */
  constructor(
    private readonly model: FrozenModel,
    private readonly session: SessionOptions,
    cache?: string,
    onDamage?: (path: string) => void,
  ) {
    const { layers, hidden } = model.base.config;
    this.layers = layers + 1;
    this.width = hidden;
    this.key = modelKey(model, String(session.device));
    if (cache) this.pack = new Pack(join(cache, 'states'), this.key, onDamage);
  }

  /** Frames of a clip of so many samples at 16 kHz. */
  frames = (samples: number): number => FrozenStates.framesOf(this.model.adapted, samples);

  /** Bytes of those that are not there yet. */
  bytesMissing(utterances: readonly Wanted[]): number {
    const missing = new Map(utterances.filter(({ hash }) => !this.has(hash)).map((one) => [one.hash, one.samples]));
    let bytes = 0;
    for (const samples of missing.values()) bytes += 4 * this.layers * this.width * this.frames(samples);
    return bytes;
  }

  private has = (hash: string) => this.pack?.has(hash) || this.memory.has(hash);

  async ensure(
    utterances: readonly ScannedUtterance[],
    onProgress?: (done: number, total: number) => void,
  ): Promise<void> {
    const missing = utterances.filter(({ hash }) => !this.has(hash));
    for (const [i, one] of missing.entries()) {
      if (!this.has(one.hash)) await this.compute(one);
      onProgress?.(i + 1, missing.length);
    }
    await this.close();
  }

  /** [layers, frames, width]; what is not there, or is damaged, is computed. */
  async of(utterance: ScannedUtterance): Promise<Float32Array> {
    const { hash } = utterance;
    if (!this.pack) return this.memory.get(hash) ?? this.compute(utterance);
    return this.pack.isSound(hash) ? new Float32Array(this.pack.read(hash)) : this.compute(utterance);
  }

  private async compute(utterance: ScannedUtterance): Promise<Float32Array> {
    const { adapted, file, base } = this.model;
    this.states ??= FrozenStates.open(adapted, file, this.session);
    const raw = await utteranceSamples(utterance);
    const data = await (await this.states).of(base.normalise ? normalise(raw) : raw);
    if (this.pack) this.pack.write(utterance.hash, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    else this.memory.set(utterance.hash, data);
    return data;
  }

  /** Ends the sessions; what was computed stays. */
  async close(): Promise<void> {
    const states = this.states;
    this.states = undefined;
    await (await states)?.release();
  }

  /** Closes the files, and removes them where they are not to be kept. */
  async end({ remove = false } = {}): Promise<void> {
    await this.close();
    if (this.ended) return;
    this.ended = true;
    this.memory.clear();
    if (remove) this.pack?.remove();
    else this.pack?.close();
  }
}

/**
 * What the states of several models take, in words, before any is computed.
 * @param together whether they lie side by side; else one is removed before the next is computed
 * @throws UserError where they do not fit
 */
export function roomFor(
  stores: readonly StateStore[],
  utterances: readonly Wanted[],
  { cache, together, free = freeAt }: { cache?: string; together: boolean; free?(path: string): number | undefined },
): string {
  const each = stores.map((store) => store.bytesMissing(utterances));
  const bytes = together ? each.reduce((a, b) => a + b, 0) : Math.max(...each);
  const size = sizeInWords(bytes);
  const left = cache ? free(cache) : MOST_IN_MEMORY;
  const told = left === undefined ? 'unknown' : sizeInWords(left);
  const where = cache ? join(cache, 'states') : 'memory';
  if (left !== undefined && bytes > left)
    throw new UserError({
      code: 'superb.too-large',
      tried: 'keep the hidden states of every clip',
      why: cache
        ? `they take ${size} in ${where}, where ${told} are free.`
        : `they would take ${size} of memory, and ${told} are allowed.`,
      cure: cache
        ? 'Free space there, choose another disk with --cache, have them removed after each model with --remove-states, or give less audio.'
        : 'Give less audio: ten minutes or an hour of a language are what ML-SUPERB uses.',
    });
  if (bytes === 0) return 'The hidden states of every clip are there already.';
  return `Hidden states take ${size} in ${where}${cache ? `, where ${told} are free` : ''}.`;
}
