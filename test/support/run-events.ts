/** @file Events of a run as a trainer would log them, made by a keyed generator: realistic shapes, any size. */
import type { LogRecord, UtilisationRecord } from '../../sidecar/protocol/log.ts';

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

const frames = 1500;

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
  const score = (lossNats: number) => ({ lossNats, accuracy: Math.exp(-lossNats) * 5, frames });
  const evaluate = (step: number) => {
    const results = languages.map(({ code, role }, i) => {
      const base = score(3.5 + 0.05 * i);
      const adapted = score(loss(i, step, role));
      const control = score(loss(i, step / 2, role));
      const ownHead = { base, adapted: score(base.lossNats + (role === 'existing' ? 0.06 : -0.1) * (step / steps)) };
      return [code, { role, adapted, control, ownHead }];
    });
    log.push({ type: 'evaluation', step, languages: Object.fromEntries(results), ...stamp(log, step) });
  };

  log.push({ type: 'started', step: 0, steps, device: 'cpu', deviceNotes: ['cuda: not here'], ...stamp(log, 0) });
  for (const { code, role } of languages) {
    const skipped = [{ path: `clips/${code} 7.wav`, reasonCode: 'short', reason: 'shorter than 0.5 s' }];
    const amounts = { trainSeconds: 3280, heldOutSeconds: 660, utterances: 660, speakers: 12 };
    log.push({ type: 'corpus', language: code, role, ...amounts, skipped, notes: [], ...stamp(log, 0) });
  }
  evaluate(0);
  for (let step = logEvery; step <= steps; step += logEvery) {
    const scores = languages.map(({ code, role }, i) => [code, score(loss(i, step, role) + (random() - 0.5) * 0.4)]);
    log.push({
      type: 'metrics',
      step,
      learningRate: 0.004 * Math.min(1, step / 20) * (1 - step / steps),
      gradientNorm: 0.5 + random() * 0.2,
      lossNats: 3.8 + (random() - 0.5) * 0.3,
      languages: Object.fromEntries(scores),
      adapterNorm: 6 + step / steps,
      loraBNorm: (10 * step) / steps,
      audioSecondsPerSecond: 100 + random() * 20,
      residentBytes: 4e8,
      skippedSteps: 0,
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
