/** @file From chosen crops to the tensors of a run of the graph. */
import type { Batch } from './learner.ts';

/** One clip's part of a batch. */
export interface MaskedCrop {
  hash: string;
  /** Where an expert goes by it. */
  language?: string;
  /** First frame of the crop. */
  start: number;
  mask: Uint8Array;
  /** The mask is a part of the clip's own, of which logits were kept. */
  kept?: boolean;
}

/** Clips whose logits were kept: each has one mask for all times, from its first frame. */
export interface KeptClips {
  maskOf(hash: string): Uint8Array | undefined;
  /** Of its masked frames in their order, [masked, units]. */
  logitsOf(hash: string): Float32Array;
}

export interface Sources {
  features: {
    width: number;
    read(hash: string, start: number, frames: number): Float32Array;
    /** Looks at what is about to be read, and computes anew what is damaged. */
    ready?(hashes: readonly string[]): Promise<void>;
    /** Reads ahead: each crop's rows, or undefined where it is still to be made ready and read. */
    fetch?(crops: readonly { hash: string; start: number }[], frames: number): Promise<(Float32Array | undefined)[]>;
  };
  units(hash: string): Uint16Array;
  /** What a head that only measures predicts, where that is not the same. */
  measuringUnits?(hash: string): Uint16Array;
  baseUnits?(hash: string): Uint16Array;
  kept?: KeptClips;
}

/**
 * Crops every clip to `frames` and lays the rows end to end.
 * @param fetched of each crop the rows, where they have been read already
 */
export function assemble(
  crops: readonly MaskedCrop[],
  frames: number,
  { features, units, measuringUnits, baseUnits, kept }: Sources,
  fetched: readonly (Float32Array | undefined)[] = [],
): Batch {
  const { width } = features;
  const speech = new Float32Array(crops.length * frames * width);
  const mask = new Float32Array(crops.length * frames);
  const masked: number[] = [];
  const labels: number[] = [];
  const measuringLabels: number[] = [];
  const baseLabels: number[] = [];
  crops.forEach(({ hash, start, mask: own }, b) => {
    speech.set(fetched[b] ?? features.read(hash, start, frames), b * frames * width);
    const unit = units(hash);
    const measuringUnit = measuringUnits?.(hash);
    const baseUnit = baseUnits?.(hash);
    for (let t = 0; t < frames; t++) {
      if (!own[t]) continue;
      mask[b * frames + t] = 1;
      masked.push(b * frames + t);
      labels.push(unit[start + t]);
      if (measuringUnit) measuringLabels.push(measuringUnit[start + t]);
      if (baseUnit) baseLabels.push(baseUnit[start + t]);
    }
  });
  return {
    clips: crops.length,
    languages: crops.map(({ language }) => language),
    frames,
    speech: { data: speech, shape: [crops.length * frames, width] },
    mask,
    masked: BigInt64Array.from(masked, BigInt),
    kept: kept && keptOf(crops, kept),
    labels: Float32Array.from(labels),
    measuringLabels: measuringUnits ? Float32Array.from(measuringLabels) : undefined,
    baseLabels: baseUnits ? Float32Array.from(baseLabels) : undefined,
  };
}

export const maskedFrames = ({ mask }: MaskedCrop): number => mask.reduce((sum, m) => sum + m, 0);

/** Where logits were kept, and which: a crop's rows follow those of the masked frames before it in the clip. */
function keptOf(crops: readonly MaskedCrop[], source: KeptClips): Batch['kept'] {
  const total = crops.reduce((sum, crop) => sum + maskedFrames(crop), 0);
  const has = new Float32Array(total);
  let logits: Float32Array | undefined;
  let row = 0;
  for (const crop of crops) {
    const count = maskedFrames(crop);
    if (crop.kept) {
      const whole = source.maskOf(crop.hash)!;
      const own = source.logitsOf(crop.hash);
      const before = whole.subarray(0, crop.start).reduce((sum, m) => sum + m, 0);
      const units = own.length / whole.reduce((sum, m) => sum + m, 0);
      logits ??= new Float32Array(total * units);
      logits.set(own.subarray(before * units, (before + count) * units), row * units);
      has.fill(1, row, row + count);
    }
    row += count;
  }
  return logits && { has, logits };
}
