import { describe, expect, it } from 'vitest';
import { totalSteps } from '../../../sidecar/config/experiment.ts';
import { parseExperiment } from '../../../sidecar/config/parse.ts';
import { stageAt, stagesOf } from '../../../sidecar/training/stages.ts';

const read = (stages: string, replay = '') =>
  parseExperiment(
    `base: { model: m }
languages:
  fin: { role: new, data: a }
  vie: { role: new, data: b }
  eng: { role: existing, data: c }
  deu: { role: existing, data: d }
training: { steps: 100 }
${replay}
stages: ${stages}
`,
    'x.milore.yaml',
  );
const problems = (stages: string) => read(stages).problems.map(({ tried, why, cure }) => `${tried}: ${why} ${cure}`);

describe('stages', () => {
  it('take what they leave out from the experiment, and replay what is there by then', () => {
    const { experiment } = read('[{ add: [fin] }, { add: [vie], steps: 50, replay: { fraction: 0.3 } }]');
    expect(experiment!.stages).toEqual([
      { add: ['fin'], steps: 100, replay: { fraction: 0.125, hours: undefined, languages: ['eng', 'deu'] } },
      { add: ['vie'], steps: 50, replay: { fraction: 0.3, hours: undefined, languages: ['eng', 'deu', 'fin'] } },
    ]);
    expect(totalSteps(experiment!)).toBe(150);
    expect(experiment!.head.warmupSteps).toBe(25);
  });

  it('replay what replay.languages says, with what was added before, unless they say which', () => {
    const { experiment } = read('[{ add: [fin] }, { add: [vie] }]', 'replay: { languages: [deu], hours: 2 }');
    expect(experiment!.stages!.map(({ replay }) => replay.languages)).toEqual([['deu'], ['deu', 'fin']]);
    expect(experiment!.stages![1].replay.hours).toBe(2);
    const chosen = read('[{ add: [fin] }, { add: [vie], replay: { languages: [fin] } }]').experiment!;
    expect(chosen.stages![1].replay.languages).toEqual(['fin']);
  });

  it('are seen from within as experiments: what came before is existing, what comes later is not there', () => {
    const [first, second] = stagesOf(read('[{ add: [fin] }, { add: [vie], steps: 50 }]').experiment!);
    const roles = ({ experiment }: typeof first) =>
      Object.fromEntries(Object.entries(experiment.languages).map(([code, { role }]) => [code, role]));
    expect(roles(first)).toEqual({ fin: 'new', eng: 'existing', deu: 'existing' });
    expect(roles(second)).toEqual({ fin: 'existing', vie: 'new', eng: 'existing', deu: 'existing' });
    expect([first.start, first.end, second.start, second.end]).toEqual([0, 100, 100, 150]);
    expect(second.experiment.training.steps).toBe(50);
    expect(first.experiment.seed).toBe(1);
    expect(second.experiment.seed).not.toBe(1);
  });

  it('end with their last step: a run at the border is still in the one before', () => {
    const stages = stagesOf(read('[{ add: [fin] }, { add: [vie], steps: 50 }]').experiment!);
    expect([0, 1, 99, 100, 101, 150].map((step) => stageAt(stages, step).number)).toEqual([1, 1, 1, 1, 2, 2]);
  });

  it.each([
    ['[{ add: [fin] }]', 'read the key stages: no stage adds vie (Vietnamese). Add it in one'],
    ['[{ add: [fin, vie] }, { add: [fin] }]', 'stages.1.add.0: stage 1 has added fin (Finnish). List it once.'],
    ['[{ add: [fin, vie, eng] }]', 'stages.0.add.2: eng (English) is existing: the base knows it.'],
    ['[{ add: [fin, vie, swe] }]', 'stages.0.add.2: swe (Swedish) is not under languages. Allowed: fin, vie.'],
    [
      '[{ add: [fin], replay: { languages: [vie] } }, { add: [vie] }]',
      'stages.0.replay.languages.0: vie (Vietnamese) is neither existing nor added by an earlier stage. Allowed: eng, deu.',
    ],
    ['[]', 'stages: [] is not allowed.'],
    ['[{ add: [] }]', 'stages.0.add: [] is not allowed.'],
    ['[{ add: [fin], step: 3 }, { add: [vie] }]', 'Did you mean stages.0.steps?'],
    ['[{ steps: 3 }]', 'read the key stages.0.add: it is missing and has no default.'],
  ])('%s is refused in words', (stages, words) => expect(problems(stages).join('\n')).toContain(words));
});
