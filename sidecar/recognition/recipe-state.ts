/** @file A recogniser's training as files: parameters, moments, and the snapshots that will be averaged. From them it goes on bit for bit. */
import type { RecipeState } from './recipe.ts';
import type { Recogniser } from './recogniser.ts';

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength);
/** A copy: the bytes may lie at any offset. */
const floatsOf = (bytes: Uint8Array) => new Float32Array(bytes.slice().buffer);

interface Written {
  update: number;
  /** Of the optimiser. */
  updates: number;
  /** A loss that is not a number is no JSON: it stands as text. */
  best: { update: number; loss: string }[];
}

export function stateFiles(
  { parameters, optimiser }: Recogniser,
  { update, best }: RecipeState,
): Record<string, Uint8Array> {
  const written: Written = {
    update,
    updates: optimiser.updates,
    best: best.map((one) => ({ update: one.update, loss: String(one.loss) })),
  };
  return {
    'state.json': new TextEncoder().encode(JSON.stringify(written)),
    'parameters.f32': bytesOf(parameters.data),
    'first.f32': bytesOf(optimiser.first),
    'second.f32': bytesOf(optimiser.second),
    ...Object.fromEntries(best.map((one, i) => [`best-${i}.f32`, bytesOf(one.parameters)])),
  };
}

/** Puts the state into a recogniser of the same sizes. Throws where the files are of another. */
export function restoreState(files: Readonly<Record<string, Uint8Array>>, recogniser: Recogniser): RecipeState {
  const { update, updates, best } = JSON.parse(new TextDecoder().decode(files['state.json'])) as Written;
  const { size } = recogniser.parameters;
  const vector = (name: string) => {
    const data = floatsOf(files[name] ?? new Uint8Array());
    if (data.length !== size) throw new Error(`internal: ${name} has ${data.length} numbers, the recogniser ${size}`);
    return data;
  };
  recogniser.parameters.data.set(vector('parameters.f32'));
  recogniser.optimiser = { first: vector('first.f32'), second: vector('second.f32'), updates };
  return {
    update,
    best: best.map((one, i) => ({ update: one.update, loss: Number(one.loss), parameters: vector(`best-${i}.f32`) })),
  };
}
