import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { timeBindings } from '../../sidecar/architecture/time.ts';
import { loadAudio16k, normalise } from '../../sidecar/audio/index.ts';
import { logMel } from '../../sidecar/audio/log-mel.ts';
import { floats } from '../../sidecar/engine/session.ts';
import { type Labelled, probeAccuracy } from '../../sidecar/evaluation/probe.ts';
import { featureGraph, frontEndGraph } from '../../sidecar/objectives/learnable.ts';
import { WeightFile } from '../../sidecar/weights/file.ts';
import { loadBase, scratch } from '../support/reference.ts';

const LANGUAGES = ['eng', 'deu', 'spa', 'fin'];
const WINDOW = 25; // half a second
const BANDS = 40;

it('a language probe on the sample base’s features beats the same probe on log-mel means, on voices it never heard', async () => {
  const base = loadBase('extension/sample/base');
  const file = WeightFile.prepare(base, scratch());
  const { hidden, layers, convDim } = base.config;
  const front = await file.open(frontEndGraph(base.config, file), { device: 'cpu' });
  const config = {
    base: base.config,
    adapter: { kind: 'none' as const },
    head: { projection: 1, units: 1, temperature: 1 },
    trainMask: false,
  };
  const layer = layers - 1;
  const session = await file.open(featureGraph(config, file, [], [layer]), { device: 'cpu' });
  const sets = {
    train: { ours: [] as number[], mel: [] as number[], classes: [] as number[] },
    test: { ours: [] as number[], mel: [] as number[], classes: [] as number[] },
  };

  for (const [c, language] of LANGUAGES.entries()) {
    const root = join('extension/sample/speech', language);
    const speakers = readdirSync(root).sort();
    for (const [s, speaker] of speakers.entries()) {
      // The base was pre-trained without the last two voices; the probe is tested on them.
      const set = s >= speakers.length - 2 ? sets.test : sets.train;
      for (const name of readdirSync(join(root, speaker)).sort().slice(0, 3)) {
        const wave = normalise(await loadAudio16k(join(root, speaker, name)));
        const times = timeBindings(base.config, wave.length);
        const features = await front.run({ wave: { data: wave, shape: [1, 1, wave.length] } }, { B: 1, ...times });
        const speech = { data: floats(features.features), shape: [times.T, convDim.at(-1)!] };
        const states = floats((await session.run({ features: speech }, { B: 1, T: times.T }))[`hidden:${layer}`]);
        const mel = logMel(wave, BANDS);
        for (let t = 0; t + WINDOW <= times.T; t += WINDOW) {
          for (let d = 0; d < hidden; d++) {
            let sum = 0;
            for (let i = t; i < t + WINDOW; i++) sum += states[i * hidden + d];
            set.ours.push(sum / WINDOW);
          }
          for (let b = 0; b < BANDS; b++) {
            let sum = 0;
            for (let i = t; i < t + WINDOW; i++) sum += mel[i][b];
            set.mel.push(sum / WINDOW);
          }
          set.classes.push(c);
        }
      }
    }
  }
  await front.release();
  await session.release();
  const labelled = (set: (typeof sets)['train'], kind: 'ours' | 'mel'): Labelled => ({
    rows: Float32Array.from(set[kind]),
    width: kind === 'ours' ? hidden : BANDS,
    classes: Uint8Array.from(set.classes),
  });
  const accuracy = (kind: 'ours' | 'mel') =>
    probeAccuracy(labelled(sets.train, kind), labelled(sets.test, kind), LANGUAGES.length, 150);
  const [ours, mel] = [accuracy('ours'), accuracy('mel')];
  console.log(
    `language probe, ${sets.test.classes.length} half-second windows: base ${(100 * ours).toFixed(1)} %, log-mel ${(100 * mel).toFixed(1)} %`,
  );
  expect(ours).toBeGreaterThan(mel + 0.05);
}, 120_000);
