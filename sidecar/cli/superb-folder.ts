/** @file ML-SUPERB's tasks for `milore superb`: on a folder of its shape, or on several data sets; the base beside the adapter. */
import { resolve } from 'node:path';
import { isLanguageCode } from '../config/iso639.ts';
import { fewShotList, type SuperbTime, scanLanguage, superbCorpora } from '../corpus/index.ts';
import { recipeOf, type TaskResult } from '../evaluation/recognition-task.ts';
import { aboutSpeakers, heardByArms, ML_SUPERB_SIZE } from '../evaluation/superb.ts';
import { corpusOfDataSets, type SuperbCorpus, superbCorpus } from '../evaluation/superb-corpus.ts';
import { type HeardTask, scoreOf, spreads, superbMeasures } from '../evaluation/superb-measures.ts';
import { PAPER_CONSTANTS, type SuperbTask } from '../evaluation/superb-score.ts';
import { type PlannedTask, RESERVED, superbPlan } from '../evaluation/superb-tasks.ts';
import { ML_SUPERB_RECIPE } from '../recognition/recipe.ts';
import { tell, tellJson, warn } from './output.ts';
import { dataSet } from './superb-data.ts';
import { type Setup, type SetupOptions, setUp } from './superb-setup.ts';
import { DECODING_WORDS, type FolderReport, folderTable, folderWords, writeReport } from './superb-told.ts';

export interface TaskOptions extends SetupOptions {
  tasks: SuperbTask[];
  time: SuperbTime;
  reserved?: string[];
  mono?: string[];
  fewShot?: string;
  leaveOut: boolean;
  out?: string;
}

/** Of the multilingual tasks, by the amount of training speech; the monolingual ones have 3,750 whatever it is. */
const MULTILINGUAL_UPDATES: Record<SuperbTime, number> = { '10min': 75_000, '1h': 150_000 };

const publishedUpdates = (track: SuperbTask, time: SuperbTime) =>
  track === 'mono' ? ML_SUPERB_RECIPE.updates : MULTILINGUAL_UPDATES[time];

export async function superbFolder(folder: string, options: TaskOptions): Promise<void> {
  const { time, leaveOut } = options;
  const root = resolve(folder);
  // Read before the model is opened: what is wrong with a folder is told within a second.
  const fewShot = fewShotList(root, options.fewShot && resolve(options.fewShot));
  const corpus = await superbCorpus(root, { time, leaveOut, cacheDir: resolve(options.cache, 'corpus') });
  await superbTasks(corpus, { ...options, notes: aboutFolder(corpus) }, fewShot);
}

/** Every data set is a set of the monolingual task; those of one language are trained on together in the others. */
export async function superbDataSets(data: readonly string[], options: TaskOptions & { text?: string }): Promise<void> {
  const sets: Parameters<typeof corpusOfDataSets>[0][number][] = [];
  for (const one of data) {
    const { name, ...spec } = await dataSet(one, { text: options.text });
    const taken = sets.filter((set) => set.name === name && set.corpus.code === spec.code).length;
    const corpus = await scanLanguage({ ...spec, cacheDir: resolve(options.cache, 'corpus') });
    sets.push({ name: taken > 0 ? `${name}-${taken + 1}` : name, corpus });
  }
  const notes = sets.flatMap(({ name, corpus }) => corpus.notes.map((note) => `${name}: ${note}`));
  const fewShot = options.fewShot ? fewShotList('', resolve(options.fewShot)) : undefined;
  const reserved = options.reserved ?? [];
  await superbTasks(corpusOfDataSets(sets, options.time), { mono: ['all'], ...options, reserved, notes }, fewShot);
}

type FewShot = ReturnType<typeof fewShotList>;

async function superbTasks(
  corpus: SuperbCorpus,
  options: TaskOptions & { notes: string[] },
  fewShot: FewShot,
): Promise<void> {
  const { time } = options;
  const plan = superbPlan(corpus, {
    tasks: options.tasks,
    reserved: options.reserved ?? RESERVED,
    mono: options.mono,
    fewShot,
  });
  for (const task of plan.tasks) task.updates = options.updates ?? publishedUpdates(task.track, time);
  const setup = await setUp(options);
  const notes = [
    ...options.notes,
    ...corpus.notes,
    ...plan.notes,
    ...aboutSpeakers(plan.tasks.flatMap(({ sides }) => sides.scored)),
  ];
  for (const note of notes) warn(note);
  const results = await heardByArms(setup.compared, plan.tasks, setup.options, setup.keeping, setup.watcher);
  const report = reportOf(corpus, setup, plan.tasks, results, {
    notes,
    reserved: plan.reserved,
    unlike: [...plan.unlike, ...aboutRecipe(plan.tasks, setup, time)],
  });
  const heard = plan.tasks.flatMap(({ name }, i) =>
    report.arms.map((arm, j) => ({
      name: `${arm}-${name.replaceAll('/', '-')}`,
      utterances: results[i][j].utterances,
    })),
  );
  if (options.out) writeReport(resolve(options.out), report, heard);
  if (options.json) tellJson(report);
  else tell([folderTable(report), '', ...folderWords(report), DECODING_WORDS].join('\n'));
  setup.keep();
}

function aboutFolder({ sets }: SuperbCorpus): string[] {
  const notes: string[] = [];
  const others = new Set(
    sets.map(({ corpus }) => corpus).filter((corpus) => !(superbCorpora as readonly string[]).includes(corpus)),
  );
  if (others.size > 0) notes.push(`Not among ML-SUPERB’s corpora, and used all the same: ${[...others].join(', ')}.`);
  const unknown = new Set(sets.map(({ iso }) => iso).filter((iso) => !isLanguageCode(iso)));
  if (unknown.size > 0)
    notes.push(`No code of ISO 639-3, and taken as a language’s name as it is: ${[...unknown].join(', ')}.`);
  return notes;
}

function aboutRecipe(tasks: readonly PlannedTask[], { options }: Setup, time: SuperbTime): string[] {
  const { size, augment, recipe } = options;
  const changed: string[] = [];
  if (tasks.some((task) => task.updates !== publishedUpdates(task.track, time))) changed.push('updates');
  if (size.model !== ML_SUPERB_SIZE.model) changed.push('width');
  if (recipe.rate !== ML_SUPERB_RECIPE.rate) changed.push('rate');
  if (recipe.accumulate !== ML_SUPERB_RECIPE.accumulate) changed.push('accumulate');
  if (!augment) changed.push('no SpecAugment');
  return changed.length > 0 ? [`the recipe is not the published one (${changed.join(', ')})`] : [];
}

function reportOf(
  { root, time }: SuperbCorpus,
  { compared, options }: Setup,
  tasks: readonly PlannedTask[],
  results: readonly TaskResult[][],
  { notes, reserved, unlike }: { notes: string[]; reserved: ReadonlySet<string>; unlike: string[] },
): FolderReport {
  const arms = compared.arms.map(({ name }) => name);
  const heard: HeardTask[] = tasks.map((task, i) => ({ task, results: results[i] }));
  const measures = superbMeasures(heard, reserved, options.recipe.seed);
  const counts = (task: PlannedTask) =>
    Object.fromEntries(Object.entries(task.sides).map(([side, utterances]) => [side, utterances.length]));
  return {
    folder: root,
    time,
    arms,
    measures,
    spreads: spreads(heard, arms, 'prefix'),
    scores: arms.map((_, arm) => scoreOf(measures, arm, PAPER_CONSTANTS[time])),
    unlike,
    notes: [...notes, ...heard.flatMap(({ task, results }) => results[0].notes.map((note) => `${task.name}: ${note}`))],
    tasks: tasks.map((task, i) => ({
      name: task.name,
      clips: counts(task),
      tokens: results[i][0].tokens,
      updates: recipeOf(task, options).updates,
    })),
  };
}
