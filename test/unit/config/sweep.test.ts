import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../../sidecar/config/parse.ts';
import { planSweep } from '../../../sidecar/config/sweep.ts';

const experiment = `base: { model: models/x }
languages:
  fin: { role: new, data: fin }
  vie: { role: new, data: vie }
  eng: { role: existing, data: eng }
training: { steps: 90, learningRate: 4.0e-3 }
`;
const plan = (sweep: string, before = experiment) => planSweep(`${before}sweep:\n${sweep}`, 'x.milore.yaml')!;
const names = (sweep: string, before = experiment) => plan(sweep, before).points.map(({ name }) => name);
const experimentOf = (sweep: string, name: string, before = experiment) => {
  const { points, problems } = plan(sweep, before);
  expect(problems).toEqual([]);
  const found = points.find((point) => point.name === name);
  return found!.experiment!;
};

describe('lists, ranges, seeds and points', () => {
  it('every combination is a point, the last key turning fastest', () => {
    const sweep = '  keys: { adapter.rank: [4, 8], adapter.experts: [2, 3] }\n';
    expect(names(sweep)).toEqual(['rank=4, experts=2', 'rank=4, experts=3', 'rank=8, experts=2', 'rank=8, experts=3']);
    expect(experimentOf(sweep, 'rank=8, experts=3').adapter).toMatchObject({ rank: 8, experts: 3 });
  });

  it('neighbours of a logarithmic range differ by the same factor, of a linear one by the same amount', () => {
    const range = (more: string) =>
      plan(`  ranges: { training.learningRate: { from: 1.0e-3, to: 4.0e-3, ${more} } }\n`).points.map(
        ({ settings }) => settings['training.learningRate'],
      );
    expect(range('scale: log')).toEqual([1e-3, 2e-3, 4e-3]);
    expect(range('values: 4')).toEqual([1e-3, 2e-3, 3e-3, 4e-3]);
  });

  it('what every point has is not in its name', () => {
    expect(names('  keys: { adapter.rank: [4, 8], training.steps: [7] }\n')).toEqual(['rank=4', 'rank=8']);
  });

  it('seeds count up from the experiment’s own, or are listed', () => {
    expect(plan('  seeds: 3\n').seeds).toEqual([1, 2, 3]);
    expect(plan('  seeds: 3\n', `${experiment}seed: 7\n`).seeds).toEqual([7, 8, 9]);
    expect(plan('  seeds: [5, 1]\n').seeds).toEqual([5, 1]);
    expect(names('  seeds: 3\n')).toEqual(['as written']);
  });

  it('explicit points change what they name, down to a place in a list', () => {
    const before = `${experiment}stages: [{ add: [fin] }, { add: [vie] }]\n`;
    const sweep = '  points:\n    small: { adapter.rank: 2 }\n    long: { stages.1.steps: 500 }\n';
    expect(experimentOf(sweep, 'small', before).adapter.rank).toBe(2);
    expect(experimentOf(sweep, 'long', before).stages?.map(({ steps }) => steps)).toEqual([90, 500]);
  });

  it('a sweep in a file of its own varies the experiment that it names', () => {
    const own = planSweep('sweep: { experiment: x.milore.yaml, keys: { adapter.rank: [4, 8] } }', 'y.milore.yaml', {
      text: experiment,
      file: 'x.milore.yaml',
    })!;
    expect(own.problems).toEqual([]);
    expect(own.points.map(({ experiment }) => experiment?.adapter.rank)).toEqual([4, 8]);
    expect(own).toMatchObject({ name: 'x', file: 'x.milore.yaml', baseline: 'rank=4' });
  });

  it('the experiment itself is the same with and without its sweep', () => {
    const { experiment: without } = parseExperiment(experiment, 'x.milore.yaml');
    const { experiment: beside } = parseExperiment(`${experiment}sweep: { seeds: 2 }\n`, 'x.milore.yaml');
    expect(beside).toEqual(without);
  });
});

describe('presets', () => {
  const all =
    '  presets: [base, head, full, full+replay, l2, lora, dense, top-k, no-replay, replay-1, replay-5, replay-10, replay-20, orders, joint]\n';

  it('are points by their names', () => {
    expect(names(all)).toEqual([
      ...['base', 'head', 'full', 'full+replay', 'l2', 'lora', 'dense', 'top-k', 'no-replay'],
      ...['replay-1', 'replay-5', 'replay-10', 'replay-20', 'order fin-vie', 'order vie-fin', 'joint'],
    ]);
    expect(plan(all).problems).toEqual([]);
    expect(plan(all).points[0]).toMatchObject({ measured: 'base' });
  });

  it('full fine-tuning takes a quarter of the rate, its head the same, with and without replay', () => {
    const full = experimentOf(all, 'full');
    expect(full.adapter.kind).toBe('full');
    expect(full.training).toMatchObject({ learningRate: 1e-3, headLearningRate: 4e-3 });
    expect(full.replay.fraction).toBe(0);
    expect(experimentOf(all, 'full+replay').replay.fraction).toBe(0.125);
    expect(experimentOf(all, 'full+replay', `${experiment}replay: { fraction: 0.3 }\n`).replay.fraction).toBe(0.3);
  });

  it('the pull to the start is full fine-tuning’s alone, and as strong as the experiment says', () => {
    const l2 = experimentOf(all, 'l2');
    expect([l2.adapter.kind, l2.replay.fraction, l2.training.l2ToStart]).toEqual(['full', 0, 0.01]);
    const sweep = '  presets: [l2]\n  keys: { training.l2ToStart: [0.1, 1] }\n';
    expect(experimentOf(sweep, 'l2, l2ToStart=1').training.l2ToStart).toBe(1);
    expect(plan('  keys: { training.l2ToStart: [0.1] }\n').problems).toMatchObject([{ code: 'config.rule' }]);
  });

  it('one LoRA has the experts’ ranks together and the scale of one', () => {
    expect(experimentOf(all, 'lora').adapter).toMatchObject({ experts: 1, rank: 32, alpha: 64 });
    const layers = `${experiment}adapter: { experts: [2, 4], rank: [8, 4] }\n`;
    expect(experimentOf(all, 'lora', layers).adapter).toMatchObject({ experts: 1, rank: [16, 16], alpha: 48 });
  });

  it('a method’s numbers follow the lists', () => {
    const sweep = '  presets: [lora, full]\n  keys: { adapter.rank: [2, 4], training.learningRate: [4.0e-3] }\n';
    expect(experimentOf(sweep, 'lora, rank=4').adapter.rank).toBe(16);
    expect(experimentOf(sweep, 'full, rank=2').training.learningRate).toBe(1e-3);
  });

  it('a point named as a preset changes it', () => {
    const sweep = '  presets: [full, dense]\n  points: { full: { training.learningRate: 5.0e-4 } }\n';
    expect(names(sweep)).toEqual(['full', 'dense']);
    expect(experimentOf(sweep, 'full')).toMatchObject({ adapter: { kind: 'full' }, training: { learningRate: 5e-4 } });
  });

  it('top-k keeps two and balances as Lamer-SSL does, and no more than there are', () => {
    expect(experimentOf(all, 'top-k').adapter.router).toMatchObject({ kind: 'top-k', k: 2, balance: 0.001 });
    expect(experimentOf(all, 'top-k', `${experiment}adapter: { experts: 1 }\n`).adapter.router.k).toBe(1);
  });

  it('replay holds in every stage', () => {
    const staged = `${experiment}stages: [{ add: [fin], replay: { fraction: 0.4 } }, { add: [vie] }]\n`;
    const fractions = (name: string) =>
      experimentOf('  presets: [no-replay, replay-5]\n', name, staged).stages?.map(({ replay }) => replay.fraction);
    expect(fractions('no-replay')).toEqual([0, 0]);
    expect(fractions('replay-5')).toEqual([0.05, 0.05]);
  });

  it('orders turn the stages’ languages and leave them their steps', () => {
    const staged = `${experiment}stages: [{ add: [fin], steps: 10 }, { add: [vie], steps: 20 }]\n`;
    const other = experimentOf('  presets: [orders]\n', 'order vie-fin', staged).stages;
    expect(other?.map(({ add, steps }) => [add, steps])).toEqual([
      [['vie'], 10],
      [['fin'], 20],
    ]);
    expect(experimentOf('  presets: [orders]\n', 'order fin-vie').stages?.map(({ steps }) => steps)).toEqual([45, 45]);
  });

  it('three languages have three orders', () => {
    const three = experiment.replace('  eng:', '  yor: { role: new, data: yor }\n  eng:');
    expect(names('  presets: [orders]\n', three)).toEqual([
      'order fin-vie-yor',
      'order yor-vie-fin',
      'order vie-yor-fin',
    ]);
  });

  it('joint training has no stages, all their steps, and hears every language alike', () => {
    const staged = `${experiment}stages: [{ add: [fin], steps: 10 }, { add: [vie], steps: 20 }]\nreplay: { hours: 1 }\n`;
    const joint = experimentOf('  presets: [joint]\n', 'joint', staged);
    expect(joint.stages).toBeUndefined();
    expect(joint.training.steps).toBe(30);
    expect(joint.replay).toMatchObject({ fraction: 0.333 });
    expect(joint.replay.hours).toBeUndefined();
  });
});

describe('faults', () => {
  const faults = (sweep: string, before = experiment) =>
    plan(sweep, before).problems.map(({ code, place }) => `${place?.line}:${place?.column} ${code}`);
  // The experiment takes six lines, `sweep:` the seventh.
  it('a point that is no valid experiment is told at its line', () => {
    expect(faults('  keys:\n    adapter.rank:\n      - 4\n      - 1000\n')).toEqual(['11:9 config.wrong-value']);
    expect(faults('  points:\n    a: { adapter.ranks: 4 }\n')).toEqual(['9:25 config.unknown-key']);
  });

  it('so are two values that do not go together', () => {
    const router = `${experiment}adapter: { router: { kind: top-k, k: 3 } }\n`;
    expect(faults('  keys:\n    adapter.experts: [2, 4]\n', router)).toEqual(['10:23 config.rule']);
  });

  it('a fault of the experiment itself is not repeated for every point', () => {
    expect(faults('  keys: { adapter.rank: [4, 8] }\n', `${experiment}head: { projection: -1 }\n`)).toEqual([]);
  });

  it('names the baseline that was meant', () => {
    const { problems } = plan('  keys: { adapter.rank: [4, 8] }\n  baseline: rank=5\n');
    expect(problems[0]).toMatchObject({ code: 'sweep.baseline', place: { line: 9, column: 13 } });
    expect(problems[0].cure).toContain('Did you mean rank=4?');
  });

  it('of values, ranges and seeds', () => {
    expect(faults('  keys: { adapter.rank: [4, 4] }\n')).toEqual(['8:29 sweep.values']);
    expect(faults('  ranges: { training.learningRate: { from: 0, to: 1, scale: log } }\n')).toEqual([
      '8:36 sweep.values',
    ]);
    expect(faults('  keys: { seed: [1, 2] }\n')).toEqual(['8:18 sweep.key', '8:21 sweep.key']);
    expect(faults('  keys: { adapter.rank.x: [1] }\n', `${experiment}adapter: { rank: 4 }\n`)).toEqual([
      '9:28 sweep.key',
    ]);
  });

  it('a thousand runs are the most', () => {
    expect(faults('  seeds: 100\n  keys: { adapter.rank: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] }\n')).toEqual([
      '7:1 sweep.too-many',
    ]);
  });

  it('one new language has one order', () => {
    const one = experiment.replace(/ {2}vie.*\n/, '');
    expect(plan('  presets: [orders]\n', one).problems[0].why).toBe('there is but one order of a single stage.');
  });

  it('nothing stands beside a sweep in a file of its own', () => {
    const own = planSweep('seed: 3\nsweep: { experiment: x.milore.yaml }', 'y', { text: experiment, file: 'x' })!;
    expect(own.problems).toMatchObject([{ code: 'sweep.beside', place: { file: 'y', line: 1 } }]);
  });
});

it.each([
  ['methods', 8, 'head'],
  ['frontiers', 6, 'dense, learningRate=2e-3'],
])('the study of the reference experiment, %s, has no fault', (name, points, baseline) => {
  const read = (file: string) => readFileSync(resolve('test/science', file), 'utf8');
  const file = `${name}.sweep.milore.yaml`;
  const { problems, ...plan } = planSweep(read(file), file, { text: read('replay.milore.yaml'), file: 'replay' })!;
  expect(problems).toEqual([]);
  expect(plan).toMatchObject({ baseline, seeds: [1, 2, 3] });
  expect(plan.points).toHaveLength(points);
});
