/** @file Events of a run as a trainer would log them, made by a keyed generator: realistic shapes, any size. */
import { LOG_VERSION } from '../../sidecar/protocol/events.ts';
import type { LogRecord, UtilisationRecord } from '../../sidecar/protocol/log.ts';
import { type Measurement, units } from '../../sidecar/protocol/measurement.ts';

export interface MadeRun {
  languages?: { code: string; role: 'existing' | 'new' }[];
  steps?: number;
  logEvery?: number;
  evaluateEvery?: number;
  layers?: number;
  targets?: string[];
  experts?: number;
  seed?: number;
}

export const fiveLanguages: NonNullable<MadeRun['languages']> = [
  { code: 'fin', role: 'new' },
  { code: 'vie', role: 'new' },
  { code: 'eng', role: 'existing' },
  { code: 'deu', role: 'existing' },
  { code: 'spa', role: 'existing' },
];

/** Uniform in 0 … 1, the same for the same seed (Park and Miller 1988). */
export function noise(seed: number): () => number {
  let state = (seed * 7919 + 1) % 2147483647;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

export function madeRun(options: MadeRun = {}): { log: LogRecord[]; utilisation: UtilisationRecord[] } {
  const { languages = fiveLanguages, steps = 200, logEvery = 2, evaluateEvery = 50, seed = 1 } = options;
  const { layers = 4, targets = ['fc1', 'fc2'], experts = 4 } = options;
  const random = noise(seed);
  const start = Date.parse('2026-11-23T20:25:23Z');
  const log: LogRecord[] = [];
  const utilisation: UtilisationRecord[] = [];
  const stamp = (into: { length: number }, step: number) => ({
    seq: into.length + 1,
    time: new Date(start + step * 150).toISOString(),
  });
  const loss = (i: number, step: number, role: string) =>
    3.6 + 0.08 * i + (role === 'new' ? 0.9 : 0.15) * Math.exp((-3 * step) / steps);
  const score = (arm: string, language: string, nats: number, prefix = ''): Measurement[] => {
    const [first, second] = prefix ? [`${prefix}Loss`, `${prefix}Accuracy`] : ['loss', 'accuracy'];
    return [
      { arm, language, measure: first, unit: 'nats', value: nats, spread: 0.01 },
      { arm, language, measure: second, unit: 'share', value: Math.exp(-nats) * 5, spread: 0.005 },
    ];
  };
  const evaluate = (step: number) => {
    const values = languages.flatMap(({ code, role }, i) => {
      const base = 3.5 + 0.05 * i;
      const own = base + (role === 'existing' ? 0.06 : -0.1) * (step / steps);
      return [
        ...score('adapted', code, loss(i, step, role)),
        ...score('control', code, loss(i, step / 2, role)),
        ...score('adapted', code, own, 'ownHead'),
        ...score('base', code, base, 'ownHead'),
      ];
    });
    log.push({ type: 'evaluation', step, values, ...stamp(log, step) });
  };

  log.push({
    type: 'started',
    version: LOG_VERSION,
    step: 0,
    steps,
    device: 'cpu',
    deviceNotes: ['cuda: not here'],
    ...stamp(log, 0),
  });
  for (const { code, role } of languages) {
    const skipped = [{ path: `clips/${code} 7.wav`, reasonCode: 'short', reason: 'shorter than 0.5 s' }];
    const dropped = { pieces: 0, seconds: 0 };
    const amounts = { trainSeconds: 3280, heldOutSeconds: 660, utterances: 660, speakers: 12 };
    log.push({ type: 'corpus', language: code, role, ...amounts, skipped, dropped, notes: [], ...stamp(log, 0) });
  }
  evaluate(0);
  for (let step = logEvery; step <= steps; step += logEvery) {
    const all = (arm: string, measure: string, value: number) => ({ arm, measure, unit: units[measure], value });
    log.push({
      type: 'metrics',
      step,
      values: [
        ...languages.flatMap(({ code, role }, i) =>
          score('adapted', code, loss(i, step, role) + (random() - 0.5) * 0.4),
        ),
        all('run', 'learningRate', 0.004 * Math.min(1, step / 20) * (1 - step / steps)),
        all('adapted', 'gradientNorm', 0.5 + random() * 0.2),
        all('adapted', 'loss', 3.8 + (random() - 0.5) * 0.3),
        all('adapted', 'adapterNorm', 6 + step / steps),
        all('adapted', 'loraBNorm', (10 * step) / steps),
        all('run', 'audioSecondsPerSecond', 100 + random() * 20),
        all('run', 'residentBytes', 4e8),
        all('run', 'skippedSteps', 0),
      ],
      ...stamp(log, step),
    });
    const use = () =>
      Array.from({ length: layers * targets.length }, (_, site) => {
        const weights = Array.from({ length: experts }, () => 0.5 + random());
        const sum = weights.reduce((a, b) => a + b, 0);
        const gates = weights.map((weight) => weight / sum);
        const effectiveExperts = Math.exp(-gates.reduce((total, gate) => total + gate * Math.log(gate), 0));
        return {
          layer: Math.floor(site / targets.length),
          target: targets[site % targets.length],
          gates,
          load: gates.map((gate) => gate * experts),
          effectiveExperts,
          effectivePerFrame: effectiveExperts * 0.95,
        };
      });
    utilisation.push({
      type: 'utilisation',
      step,
      languages: Object.fromEntries(languages.map(({ code }) => [code, use()])),
      ...stamp(utilisation, step),
    });
    if (step % evaluateEvery === 0) {
      log.push({ type: 'checkpoint', step, ...stamp(log, step) });
      evaluate(step);
    }
  }
  log.push({ type: 'done', step: steps, seconds: steps * 0.15, ...stamp(log, steps) });
  return { log, utilisation };
}

/** As they stand in a log. */
export const linesOf = (events: readonly unknown[]): string => events.map((event) => JSON.stringify(event)).join('\n');
