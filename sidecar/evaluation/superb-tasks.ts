/**
 * @file ML-SUPERB's four tasks on a folder of its shape (Shi et al. 2023; ESPnet `egs2/ml_superb/asr1/local`): who trains, who
 * chooses, who is scored, and what each utterance should be heard as. Knows no model.
 */
import { setName } from '../corpus/index.ts';
import { UserError } from '../errors.ts';
import { normalisations } from './error-rate.ts';
import type { RecognitionTask, Side, TaskUtterance } from './recognition-task.ts';
import type { SuperbCorpus, SuperbSpoken } from './superb-corpus.ts';
import type { SuperbTask } from './superb-score.ts';

/** The monolingual track: thirteen sets of nine languages. */
export const MONO_SETS = [
  'mls/eng',
  'nchlt/eng',
  'voxpopuli/eng',
  'voxforge/fra',
  'voxpopuli/fra',
  'swc/deu',
  'voxpopuli/deu',
  'M-AILABS/rus',
  'ALFFA/swa',
  'NST/swe',
  'commonvoice/jpn',
  'fleurs/cmn',
  'mexico-el/xty',
] as const;
/** Scored in phones, which a front end of each makes. */
const IN_PHONES: ReadonlySet<string> = new Set(['commonvoice/jpn', 'fleurs/cmn']);

/** Trained on five utterances each, in the multilingual tasks. */
export const RESERVED: readonly string[] =
  'dan lit tur srp vie kaz zul tsn epo frr tok umb bos ful ceb luo kea sun tso tos'.split(' ');
const FEW = 5;

/** Training clips of the multilingual tasks that are longer are left out, never such that choose or are scored. */
const LONGEST_SECONDS = 20;

export interface TaskChoice {
  tasks: readonly SuperbTask[];
  reserved: readonly string[];
  /** Sets of the monolingual task, or `all`; ML-SUPERB's thirteen unless told. */
  mono?: readonly string[];
  /** Which utterances of reserved languages train, by `iso`, as their transcripts name them. */
  fewShot?: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface PlannedTask extends RecognitionTask {
  track: SuperbTask;
}

export interface SuperbPlan {
  tasks: PlannedTask[];
  notes: string[];
  /** Why no SUPERB_s can be made of it, beside what training itself may add. */
  unlike: string[];
  reserved: ReadonlySet<string>;
}

const sideOf = { train: 'train', dev: 'validation', test: 'scored' } as const;
type Sides = Record<Side, TaskUtterance[]>;

/** @throws UserError where a task has nobody to train on, to choose by or to score */
export function superbPlan(corpus: SuperbCorpus, choice: TaskChoice): SuperbPlan {
  const present = new Set(corpus.sets.map(({ iso }) => iso));
  const reserved = new Set(choice.reserved.filter((code) => present.has(code)));
  const plan: SuperbPlan = { tasks: [], notes: [], unlike: [], reserved };
  if (corpus.own) plan.unlike.push('the data is not ML-SUPERB’s');
  if (corpus.leftOut.length > 0) plan.unlike.push(`${corpus.leftOut.length} lines or files are left out`);
  if (choice.tasks.includes('mono')) monolingual(corpus, choice, plan);
  const multi = choice.tasks.filter((task) => task !== 'mono');
  if (multi.length > 0) {
    const spoken = multilingual(corpus, choice, plan);
    for (const track of multi) plan.tasks.push(multilingualTask(track, spoken, corpus));
    if (reserved.size === 0) plan.unlike.push('no reserved language is there');
  }
  for (const { name, sides } of plan.tasks) {
    const trained = new Set(sides.train.map(({ hash }) => hash));
    const both = sides.scored.filter(({ hash }) => trained.has(hash)).length;
    if (both > 0)
      plan.notes.push(
        `${name}: ${both} of ${sides.scored.length} scored recordings train as well, and may be known by heart.`,
      );
  }
  return plan;
}

function monolingual(corpus: SuperbCorpus, { mono }: TaskChoice, plan: SuperbPlan): void {
  const used = monolingualSets(corpus, mono, plan);
  const without = new Map<string, number>();
  for (const set of used) {
    const spoken = corpus.utterances.filter((one) => one.set === set);
    const inPhones = phonesOf(set, spoken, plan);
    const sides = emptySides();
    for (const one of spoken) {
      const target = inPhones ? one.phones! : normalisations['ml-superb-mono'](one.text);
      if (target === '') without.set(set, (without.get(set) ?? 0) + 1);
      else sides[sideOf[one.split]].push({ ...one, target });
    }
    const lacking = lackingSide(sides);
    if (lacking) {
      plan.notes.push(`${set} takes no part in the monolingual task: nothing of it is left ${lacking}.`);
      continue;
    }
    plan.tasks.push({
      name: `mono/${set}`,
      track: 'mono',
      symbols: inPhones ? 'phones' : 'characters',
      sides,
      notes: [],
    });
  }
  for (const [set, count] of without)
    plan.notes.push(`${set}: ${count} transcripts are nothing but punctuation and are left out.`);
  if (!plan.tasks.some(({ track }) => track === 'mono'))
    throw tooLittle('mono', corpus.root, 'in all three sides of any set');
}

function monolingualSets(
  corpus: SuperbCorpus,
  chosen: readonly string[] | undefined,
  plan: SuperbPlan,
): readonly string[] {
  const names = corpus.sets.map(setName);
  if (chosen && !chosen.includes('all')) {
    const absent = chosen.find((name) => !names.includes(name));
    if (absent) throw noSuchSet(absent, names);
    if (MONO_SETS.some((name) => !chosen.includes(name))) plan.unlike.push('other monolingual sets are chosen');
    return [...new Set(chosen)];
  }
  const own = MONO_SETS.filter((name) => names.includes(name));
  if (own.length < MONO_SETS.length)
    plan.unlike.push(`${own.length} of the ${MONO_SETS.length} monolingual sets are there`);
  else if (chosen && names.length > own.length) plan.unlike.push('the monolingual mean is over every set');
  if (chosen || own.length === 0) {
    plan.notes.push('The monolingual mean is over every set of the folder.');
    return names;
  }
  if (own.length < MONO_SETS.length)
    plan.notes.push(
      `The monolingual mean is over ${own.length} of ML-SUPERB’s ${MONO_SETS.length} sets; --mono chooses others.`,
    );
  return own;
}

function phonesOf(set: string, spoken: readonly SuperbSpoken[], plan: SuperbPlan): boolean {
  const having = spoken.filter(({ phones }) => phones).length;
  if (having === spoken.length && having > 0) {
    plan.notes.push(`${set} is scored in phones (phones.txt).`);
    return true;
  }
  if (having > 0)
    plan.notes.push(
      `${set}: phones.txt has phones of ${having} of ${spoken.length} utterances: characters are scored.`,
    );
  if (IN_PHONES.has(set)) {
    plan.unlike.push(`${set} is scored in characters, not in phones`);
    if (having === 0)
      plan.notes.push(`${set} is scored in characters: ML-SUPERB scores phones, which phones.txt would give.`);
  }
  return false;
}

interface Multilingual {
  spoken: SuperbSpoken[];
  notes: string[];
}

/** Of every set, without long training clips, and of reserved languages the few that train. */
function multilingual(corpus: SuperbCorpus, { fewShot }: TaskChoice, plan: SuperbPlan): Multilingual {
  const notes: string[] = [];
  const taken = new Map<string, number>();
  const unnamed = new Set<string>();
  let long = 0;
  const spoken = corpus.utterances.filter(({ split, samples, language, id, set }) => {
    if (split !== 'train') return true;
    if (plan.reserved.has(language)) {
      const named = fewShot?.get(language);
      const count = taken.get(language) ?? 0;
      if (!named) unnamed.add(language);
      if (named ? !named.has(id.slice(set.length + 1)) : count >= FEW) return false;
      taken.set(language, count + 1);
    }
    if (samples <= LONGEST_SECONDS * RATE_HZ) return true;
    long++;
    return false;
  });
  if (long > 0)
    notes.push(
      `${long} training clips are longer than ${LONGEST_SECONDS} s and are left out of the multilingual tasks.`,
    );
  for (const language of plan.reserved) {
    const count = taken.get(language) ?? 0;
    if (count !== FEW) notes.push(`Of ${language}, a reserved language, ${count} utterances train, not ${FEW}.`);
  }
  if (unnamed.size > 0) {
    plan.unlike.push('the utterances of reserved languages that train are not named');
    notes.push(
      `Of ${[...unnamed].sort().join(', ')} the first ${FEW} utterances train: ML-SUPERB’s own can be named (few_shot.txt, or --few-shot).`,
    );
  }
  plan.notes.push(...notes);
  return { spoken, notes };
}

const RATE_HZ = 16_000;

function multilingualTask(track: SuperbTask, { spoken }: Multilingual, { root }: SuperbCorpus): PlannedTask {
  const sides = emptySides();
  let without = 0;
  for (const one of spoken) {
    const text = track === 'lid' ? '' : normalisations['ml-superb-multi'](one.text);
    const tag = `[${one.language}]`;
    if (track !== 'lid' && text === '') without++;
    else sides[sideOf[one.split]].push({ ...one, target: track === 'multi' ? text : `${tag} ${text}`.trim() });
  }
  const lacking = lackingSide(sides);
  if (lacking) throw tooLittle(track, root, lacking);
  const notes = without > 0 ? [`${without} transcripts are nothing but punctuation or brackets and are left out.`] : [];
  return { name: track, track, symbols: 'characters', sides, notes };
}

const emptySides = (): Sides => ({ train: [], validation: [], scored: [] });
const purpose: Record<Side, string> = { train: 'to train on', validation: 'to choose by', scored: 'to score' };
function lackingSide(sides: Sides): string | undefined {
  const empty = (Object.keys(sides) as Side[]).find((side) => sides[side].length === 0);
  return empty && purpose[empty];
}

const tooLittle = (task: SuperbTask, root: string, lacking: string) =>
  new UserError({
    code: 'superb.too-little',
    tried: `prepare the task "${task}" of ${root}`,
    why: `nothing is left ${lacking}.`,
    cure: 'Give sets with utterances in all three sides, or leave the task out of --tasks.',
  });

const noSuchSet = (name: string, names: readonly string[]) =>
  new UserError({
    code: 'superb.no-set',
    tried: `find the monolingual set "${name}"`,
    why: `the folder has ${names.slice(0, 20).join(', ')}${names.length > 20 ? ' …' : ''}.`,
    cure: 'Name some of those, or all.',
  });
