/**
 * @file A new run that begins with another's parameters: each is carried by its name and what it stands for; what does
 * not fit starts anew and is told before anything is computed.
 */
import { UserError } from '../errors.ts';
import type { TensorFile } from '../model/checkpoint/tensor-file.ts';
import { measuresAlone } from '../model/config.ts';
import type { ParameterSpec } from '../model/parameters.ts';
import { ADAPTED, type Arm } from './arms.ts';
import type { CheckpointMeaning, StoredProgress } from './state.ts';

/** The parameters of an arm before it takes memory. */
export interface ArmSpecs {
  name: string;
  specs: readonly Pick<ParameterSpec, 'name' | 'shape' | 'group'>[];
}

interface Carried {
  /** Arm of the checkpoint, and where in its flat vector. */
  from: string;
  start: number;
  /** Multiplies the numbers: what an expert adds stays what it was though alpha / rank changes. */
  factor: number;
}

export interface Fork {
  /** By arm and name. */
  carried: Map<string, Map<string, Carried>>;
  /** Of the arm that the run is for, with the reason. */
  anew: { name: string; why: string }[];
  /** Whether the head goes on, or a new one must be started. */
  headCarried: boolean;
}

/** @throws UserError where the run was trained on another base */
export function planFork(source: StoredProgress, arms: readonly ArmSpecs[], meaning: CheckpointMeaning): Fork {
  if (source.meaning.base !== meaning.base) throw otherBase();
  const fork: Fork = { carried: new Map(), anew: [], headCarried: true };
  for (const { name: arm, specs } of arms) {
    // A run without this arm left none behind: what it shares with the adapted one is taken from there.
    const from = source.layout[arm] ? arm : ADAPTED;
    const places = placesOf(source, from);
    const own = new Map<string, Carried>();
    for (const { name, shape, group } of specs) {
      const place = places.get(name);
      const why =
        group === 'head' && unitsOf(name, source.meaning) !== unitsOf(name, meaning)
          ? OTHER_UNITS
          : whyNot(name, shape, place?.shape, source.meaning, meaning);
      if (why === undefined)
        own.set(name, { from, start: place!.start, factor: factorOf(name, source.meaning, meaning) });
      else {
        if (arm === arms[0].name) fork.anew.push({ name, why });
        if (group === 'head') fork.headCarried = false;
      }
    }
    fork.carried.set(arm, own);
  }
  // A projection without its embeddings, or the other way round, predicts nothing.
  if (!fork.headCarried)
    for (const { name: arm, specs } of arms)
      for (const { name, group } of specs) if (group === 'head') fork.carried.get(arm)!.delete(name);
  return fork;
}

function placesOf({ layout }: StoredProgress, arm: string) {
  const places = new Map<string, { start: number; shape: readonly number[] }>();
  let start = 0;
  for (const { name, shape } of layout[arm] ?? []) {
    places.set(name, { start, shape });
    start += sizeOf(shape);
  }
  return places;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

const unitsOf = (name: string, { units, measuringUnits }: CheckpointMeaning) =>
  measuresAlone(name) ? measuringUnits : units;

const OTHER_UNITS = 'its units stand for other sounds';

/** The adapted projection that a parameter belongs to. */
const siteOf = (name: string) => name.replace(/\.(lora_A|lora_B|router)$/, '');

function whyNot(
  name: string,
  shape: readonly number[],
  before: readonly number[] | undefined,
  { sites: old, experts: whose }: CheckpointMeaning,
  { sites, experts }: CheckpointMeaning,
): string | undefined {
  if (before === undefined) return 'that run has none';
  const [was, is] = [old[siteOf(name)], sites[siteOf(name)]];
  // As many rows can be other experts: a site goes on whole or not at all.
  if (was && is && (was.experts !== is.experts || was.rank !== is.rank))
    return `${was.experts} experts of rank ${was.rank} became ${is.experts} of rank ${is.rank}`;
  if (was && is && whose !== experts) return 'its experts are of other languages';
  if (was && is && (was.shared ?? 0) !== (is.shared ?? 0))
    return `${was.shared ?? 0} experts that were always on became ${is.shared ?? 0}`;
  if (before.join() === shape.join()) return undefined;
  return `it was [${before.join(', ')}] and is [${shape.join(', ')}]`;
}

/** B · alpha / rank is what is added, so B takes the change of the scale. */
function factorOf(name: string, source: CheckpointMeaning, { sites }: CheckpointMeaning): number {
  const [was, is] = [source.sites[siteOf(name)], sites[siteOf(name)]];
  return name.endsWith('.lora_B') && was && is ? was.scale / is.scale : 1;
}

const otherBase = () =>
  new UserError({
    code: 'run.fork-base',
    tried: 'begin with the parameters of another run',
    why: 'it was trained on another base model, and experts fit the base that they grew on.',
    cure: 'Name that base in base.model, or start a run of its own.',
  });

/** Puts what is carried into the arms. */
export async function applyFork({ carried }: Fork, arms: readonly Arm[], tensors: TensorFile): Promise<void> {
  for (const { name: arm, learner } of arms) {
    const flat = new Map<string, Float32Array>();
    for (const [name, { from, start, factor }] of carried.get(arm) ?? []) {
      let data = flat.get(from);
      if (!data) flat.set(from, (data = tensors.float32(`${from}.parameters`)));
      const target = learner.parameters.view(name);
      target.set(data.subarray(start, start + target.length));
      if (factor !== 1) for (let i = 0; i < target.length; i++) target[i] *= factor;
    }
    await learner.push();
  }
}

/** In words, short ones first counted: which parameters start anew, for what reason. */
export function describeFork({ anew }: Fork): string {
  if (anew.length === 0) return 'Every parameter is carried over.';
  const reasons = new Map<string, string[]>();
  for (const { name, why } of anew) reasons.set(why, [...(reasons.get(why) ?? []), name]);
  const told = [...reasons].map(([why, names]) => {
    const shown = names.slice(0, 6).join(', ');
    return `${shown}${names.length > 6 ? ` and ${names.length - 6} more` : ''} (${why})`;
  });
  return `These start anew: ${told.join('; ')}.`;
}
