import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { experimentText } from '../../../extension/start/guide/experiment-text.ts';
import { configOf } from '../../../sidecar/architecture/huggingface.ts';
import { expectWhole } from '../../../sidecar/config/expect-whole.ts';
import type { Counted } from '../../../sidecar/config/guide/kept.ts';
import { composeGuide, experimentOf, type GuideInput } from '../../../sidecar/config/guide/plan.ts';
import type { GuideChoice } from '../../../sidecar/config/guide/view.ts';
import { parseExperiment } from '../../../sidecar/config/parse.ts';

const shape = configOf(JSON.parse(readFileSync('extension/sample/base/config.json', 'utf8')))!;
const l10n = {
  t: (text: string, ...values: (string | number | boolean)[]) =>
    text.replace(/\{(\d)\}/g, (_, i) => String(values[Number(i)])),
};
const counted = (seconds: number, lost = 0): Counted => ({
  seconds,
  clips: 100,
  speakers: 4,
  short: [{ belowSeconds: 0.5, clips: lost, seconds: lost / 4 }],
});
const facts = { parameters: 1.2e6, hasHead: true, faults: 0, licence: 'MIT' };
const input = (more: Partial<GuideInput> = {}): GuideInput => ({
  open: true,
  trusted: true,
  datasets: [
    { name: 'radio', language: 'yor', counted: counted(3600) },
    { name: 'bible', language: 'yor', counted: counted(1800) },
    { name: 'digits', language: 'eng', counted: counted(600) },
  ],
  models: [{ name: 'small', shape, facts }],
  taken: [],
  paces: { machine: 'M', entries: [] },
  threads: 2,
  ...more,
});
const choice = (more: Partial<GuideChoice> = {}): GuideChoice => ({ roles: {}, ...more });
const written = (given: GuideInput, chosen: GuideChoice) => {
  const { plan, view } = composeGuide(given, chosen);
  return experimentText(plan, view, l10n, { locate: (file) => `base/${file}` });
};

describe('what the guide proposes', () => {
  it('is ready at once where there are data and a base', () => {
    const { view, plan } = composeGuide(input(), choice());
    expect(view.missing).toEqual([]);
    expect(view.languages.map(({ code, role, datasets }) => [code, role, datasets.length])).toEqual([
      ['yor', 'new', 2],
      ['eng', 'existing', 1],
    ]);
    expect(view.base).toBe('model:small');
    expect(plan).toMatchObject({ replay: 0.125, joinSeconds: 0, minSeconds: 0.5, batchSeconds: 40 });
  });

  it('counts a language’s data together, and not where one was not read', () => {
    const { datasets } = input();
    expect(composeGuide(input(), choice()).view.languages[0]).toMatchObject({ seconds: 5400, clips: 200, speakers: 8 });
    const some = input({ datasets: [datasets[0], { name: 'bible', language: 'yor', busy: 0.5 }] });
    const [yor] = composeGuide(some, choice()).view.languages;
    expect(yor.seconds).toBeUndefined();
    expect(yor.busy).toBe(0.5);
    expect(composeGuide(some, choice()).view.missing).toEqual(['unread']);
  });

  it.each<[string, Partial<GuideInput>, Partial<GuideChoice>, string[]]>([
    ['no folder is open', { open: false }, {}, ['workspace']],
    ['it is not trusted', { trusted: false }, {}, ['trust']],
    ['there are no data', { datasets: [] }, {}, ['data']],
    ['nothing is new', {}, { roles: { yor: 'existing' } }, ['new-language']],
    ['the base is not here', { models: [] }, {}, ['base-not-here']],
    ['the base is no model', { models: [{ name: 'x' }] }, {}, ['base-not-here']],
    ['the chosen base is no model', { models: [{ name: 'x' }] }, { base: 'model:x' }, ['base-fault']],
    [
      'its tensors are not whole',
      { models: [{ name: 'x', shape, facts: { ...facts, faults: 1 } }] },
      { base: 'model:x' },
      ['base-fault'],
    ],
    ['the name is no file name', {}, { name: '../x' }, ['name']],
    ['the name is taken', { taken: ['my-try'] }, { name: 'my try' }, ['name-taken']],
  ])('says what is missing where %s', (_, given, chosen, missing) => {
    expect(composeGuide(input(given), choice(chosen)).view.missing).toEqual(missing);
  });

  it('knows of a base before it is here, and how long it would take', () => {
    const { view } = composeGuide(input({ models: [] }), choice({ base: 'hub:facebook/mms-300m' }));
    const mms = view.bases.find(({ key }) => key === view.base);
    expect(mms).toMatchObject({ name: 'MMS 300M', here: false, commercial: false, languages: 1406 });
    expect(view.times.map(({ length }) => length)).toEqual(['look', 'usual', 'thorough']);
    expect(view.peakBytes).toBeGreaterThan(1.2e9);
    // One that was downloaded is not offered again.
    const model = { name: 'mms', shape, source: 'facebook/mms-300m' };
    const { bases } = composeGuide(input({ models: [model] }), choice()).view;
    expect(bases.filter(({ key }) => /mms/.test(key)).map(({ key }) => key)).toEqual(['model:mms']);
  });

  it('takes the last of several heads, none where a person says so, and writes what was taken', () => {
    const models = [
      {
        name: 'small',
        shape,
        facts: {
          ...facts,
          hasHead: false,
          heads: ['head_it10.safetensors', 'head_it2.safetensors', 'head0.safetensors'],
        },
      },
    ];
    expect(composeGuide(input({ models }), choice()).plan.base.head).toBe('head_it10.safetensors');
    expect(composeGuide(input({ models }), choice({ head: 'head_it2.safetensors' })).plan.base.head).toBe(
      'head_it2.safetensors',
    );
    expect(composeGuide(input({ models }), choice({ head: '' })).plan.base.head).toBeUndefined();
    expect(composeGuide(input({ models }), choice({ head: 'gone.safetensors' })).plan.base.head).toBe(
      'head_it10.safetensors',
    );
    expect(written(input({ models }), choice())).toContain('head: "base/head_it10.safetensors"');
  });

  it('says the time of what is written, by the machine’s own pace', () => {
    const slow = input({
      paces: {
        machine: 'M',
        entries: [{ device: 'cpu', hidden: shape.hidden, layers: shape.layers, steps: 50, preparation: 50 }],
      },
    });
    const { view, plan } = composeGuide(slow, choice());
    expect(view.measured).toBe(true);
    const { totalSeconds, firstCurveSeconds } = expectWhole(
      experimentOf(plan)!,
      shape,
      2,
      { yor: 5400, eng: 600 },
      { steps: 50, preparation: 50 },
    );
    expect(view.times[1]).toMatchObject({ totalSeconds, firstCurveSeconds, steps: plan.steps });
    expect(totalSeconds).toBeGreaterThan(composeGuide(input(), choice()).view.times[1].totalSeconds);
  });
});

describe('what the guide writes', () => {
  const choices: Partial<GuideChoice>[] = [
    {},
    { roles: { eng: 'off' } },
    { roles: { yor: 'existing', eng: 'new' }, replay: 0.5, length: 'thorough' },
    { joinSeconds: 10, minSeconds: 0.1, length: 'look' },
    { name: 'a # name: "with" [signs]' },
  ];
  it.each(choices)('passes every check as it is: %o', (chosen) => {
    const text = written(input(), choice(chosen));
    const { experiment, problems } = parseExperiment(text, 'x.milore.yaml');
    expect(problems).toEqual([]);
    const { plan } = composeGuide(input(), choice(chosen));
    expect(experiment?.training.steps).toBe(plan.steps);
    expect(experiment?.audio.minSeconds).toBe(plan.minSeconds);
    expect(experiment?.audio.joinSeconds ?? 0).toBe(plan.joinSeconds);
    expect(Object.keys(experiment!.languages)).toEqual(plan.languages.map(({ code }) => code));
    // What was timed is what is written.
    expect(experiment).toMatchObject({ ...experimentOf(plan), base: expect.anything(), languages: expect.anything() });
  });

  it('says why at each value, and no name leaves its comment', () => {
    const text = written(input({ datasets: [{ name: 'x', language: 'yor', counted: counted(3600, 10) }] }), choice());
    expect(text).toContain('many are too short by themselves');
    expect(text).toMatch(/keeps at least 9\d(\.\d)? % of the speech/);
    expect(text).toMatch(/About .+ until the first curve, .+ in all/);
    const evil = written(
      input({ models: [{ name: 'x\nsteps: 1', shape, facts: { ...facts, licence: 'a\nb: c' } }] }),
      choice(),
    );
    expect(evil.split('\n').some((line) => /^(steps|b):/.test(line))).toBe(false);
    expect(parseExperiment(evil, 'x').problems).toEqual([]);
  });
});
