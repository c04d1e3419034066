/**
 * @file The pre-training head that a base may bring: a projection and the units' embeddings. Must not know how it is
 * used.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors } from './safetensors.ts';
import { damaged, sameShape, type TensorFile } from './tensor-file.ts';

export interface BaseHead {
  /** [projection, hidden], row-major. */
  projectionWeight: Float32Array;
  /** [projection] */
  projectionBias: Float32Array;
  /** [units, projection], row-major. */
  embeddings: Float32Array;
  projection: number;
  /** Classes that the softmax goes over, special symbols included. */
  units: number;
  /** The first so many classes stand for no unit (fairseq's dictionary begins with 4 symbols): unit k is class k + specials. */
  specials?: number;
  /** The cosine is divided by it; 0.1 unless the file's metadata say otherwise. */
  temperature: number;
}

export const HEAD_FILE = 'head.safetensors';

/** Ours first, then the short spelling of other trainers: weight, bias, embeddings. */
const SPELLINGS = [
  ['final_proj.weight', 'final_proj.bias', 'label_embs'],
  ['proj.weight', 'proj.bias', 'emb'],
] as const;

const LIMIT = 1_000_000;

/** @throws UserError where names or shapes do not fit a base of width `hidden`. */
export function readHead(file: string, hidden: number): BaseHead {
  const tensors = openSafetensors(file);
  try {
    return headOf(tensors, hidden);
  } finally {
    tensors.close();
  }
}

const mostHeads = 20;

/** Names of the files in a base's folder that are heads for its width, beside the one that is found by itself. */
export function headsBeside(folder: string, hidden: number): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.safetensors') && !name.startsWith('model') && name !== HEAD_FILE)
    .sort()
    .slice(0, mostHeads)
    .filter((name) => {
      try {
        readHead(join(folder, name), hidden);
        return true;
      } catch {
        // Weights of something else.
        return false;
      }
    });
}

function headOf(tensors: TensorFile, hidden: number): BaseHead {
  const names = tensors.names();
  const spelling = SPELLINGS.find((spelling) => spelling.every((name) => tensors.has(name)));
  if (!spelling || names.length !== 3) {
    const expected = SPELLINGS.map((spelling) => spelling.join(', ')).join(' or ');
    throw damaged(tensors.path, `a head holds ${expected}; found ${names.join(', ') || 'nothing'}.`);
  }
  const [weight, bias, embeddings] = spelling;
  const temperature = Number(tensors.metadata.temperature ?? 0.1);
  if (!(temperature > 0 && temperature <= 100)) {
    throw damaged(tensors.path, `its temperature is "${tensors.metadata.temperature}", not a number above 0.`);
  }
  const specials = Number(tensors.metadata.specials ?? 0);
  const head = checkHead(tensors, { weight, bias, embeddings }, hidden, temperature);
  if (!Number.isInteger(specials) || specials < 0 || specials > head.units - 2) {
    throw damaged(
      tensors.path,
      `its special symbols are "${tensors.metadata.specials}", not a number below its units.`,
    );
  }
  return specials > 0 ? { ...head, specials } : head;
}

/** The head under the given names. @throws UserError where shapes do not fit each other and the base */
export function checkHead(
  tensors: TensorFile,
  { weight, bias, embeddings }: { weight: string; bias: string; embeddings: string },
  hidden: number,
  temperature: number,
): BaseHead {
  const absent = [weight, bias, embeddings].find((name) => !tensors.has(name));
  if (absent) throw damaged(tensors.path, `its head lacks "${absent}".`);
  const [projection = 0, inputs] = tensors.info(weight).shape;
  const [units = 0] = tensors.info(embeddings).shape;
  const check = (name: string, shape: number[]) => {
    const found = tensors.info(name).shape;
    if (!sameShape(found, shape)) {
      throw damaged(
        tensors.path,
        `"${name}" is [${found}]; a head for a base of width ${hidden} needs [${shape}].`,
        'Take the head that was trained with this base.',
      );
    }
  };
  if (inputs !== hidden || projection < 1) check(weight, [projection || 1, hidden]);
  check(weight, [projection, hidden]);
  check(bias, [projection]);
  check(embeddings, [units, projection]);
  if (units < 2 || units > LIMIT) throw damaged(tensors.path, `it knows ${units} units; expected 2 to ${LIMIT}.`);
  return {
    projectionWeight: tensors.float32(weight),
    projectionBias: tensors.float32(bias),
    embeddings: tensors.float32(embeddings),
    projection,
    units,
    temperature,
  };
}

/** Metadata that `readHead` reads back. */
export const headMetadata = ({ temperature, specials = 0 }: BaseHead): Record<string, string> => ({
  temperature: String(temperature),
  ...(specials > 0 ? { specials: String(specials) } : {}),
});

/** The head in our spelling, to be written with `writeSafetensors`. */
export function headTensors(head: BaseHead, hidden: number) {
  return {
    'final_proj.weight': { shape: [head.projection, hidden], data: head.projectionWeight },
    'final_proj.bias': { shape: [head.projection], data: head.projectionBias },
    label_embs: { shape: [head.units, head.projection], data: head.embeddings },
  };
}
