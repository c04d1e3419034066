import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { configOf } from '../../sidecar/architecture/huggingface.ts';
import { expectRun } from '../../sidecar/config/expect.ts';
import { expectPreparation, expectWhole } from '../../sidecar/config/expect-whole.ts';
import { PACE_FILE, paceOf, parsePaces } from '../../sidecar/config/pace.ts';
import { parseExperiment } from '../../sidecar/config/parse.ts';
import { machineName } from '../../sidecar/machine.ts';
import { PaceKeeper } from '../../sidecar/training/remember-pace.ts';

const root = mkdtempSync(join(tmpdir(), 'milore-pace-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const path = 'extension/sample/add-two-languages.milore.yaml';
const experiment = parseExperiment(readFileSync(path, 'utf8'), path).experiment!;
const base = configOf(JSON.parse(readFileSync('extension/sample/base/config.json', 'utf8')))!;
const corpus = [{ trainSeconds: 250, heldOutSeconds: 50 }] as never;
const threads = availableParallelism();
const kept = () =>
  paceOf(parsePaces(readFileSync(join(root, '.milore', PACE_FILE), 'utf8'), machineName()), 'cpu', base);

function run(preparationSeconds: number, stepSeconds: number, steps = 20) {
  const keeper = new PaceKeeper(
    root,
    experiment,
    'cpu',
    () => base,
    () => corpus,
  );
  const spent = (seconds: Record<string, number>) => ({ seconds, processorSeconds: {} });
  keeper.hear(spent({ scan: preparationSeconds / 2, units: preparationSeconds / 2, assess: 1000 }), 0);
  keeper.hear(spent({ compute: stepSeconds * (steps - 5), evaluate: 1000 }), steps - 5);
  keeper.hear(spent({ compute: stepSeconds * 5, checkpoint: 1000 }), 5);
  keeper.keep();
}

it('what a run took is what the next is expected to take', () => {
  run(60, 0.5);
  const whole = expectWhole(experiment, base, threads, { fin: 300 }, kept());
  expect(whole.preparationSeconds).toBeCloseTo(60, 6);
  expect(kept()?.steps).toBeCloseTo(0.5 / expectRun(experiment, base, threads).wholeStepSeconds, 9);
});

it('a run whose data were in the cache says nothing of the preparation, and what was known stays', () => {
  const before = kept()?.preparation;
  run(expectPreparation(experiment, base, threads, 300) / 20, 1);
  expect(kept()?.preparation).toBe(before);
  expect(kept()?.steps).toBeCloseTo(1 / expectRun(experiment, base, threads).wholeStepSeconds, 9);
});

it('a few steps say nothing', () => {
  const before = kept();
  run(60, 5, 9);
  expect(kept()).toEqual(before);
});
