/**
 * @file Plausible faults in our formulas. `find` stands in exactly one place of sidecar/ (no file is named: rooms move) and
 * becomes `replace`; one of `tests` must fail. An entry that no test can tell says `why` it cannot matter.
 */
const reference = 'test/cpu/reference';
const by = {
  variants: [`${reference}/mixture-variants.test.ts`],
  base: [`${reference}/hubert.test.ts`],
  mask: ['test/unit/formulas/mask.test.ts'],
  optimiser: ['test/unit/formulas/optimiser.test.ts'],
  kmeans: ['test/unit/formulas/kmeans.test.ts'],
  meter: ['test/unit/formulas/meter.test.ts'],
  crops: ['test/unit/formulas/crops.test.ts'],
  experts: ['test/cpu/formulas/exported-experts.test.ts'],
  evaluation: ['test/cpu/formulas/evaluation.test.ts'],
  run: ['test/cpu/formulas/run.test.ts'],
  sampler: ['test/unit/corpus/sampler.test.ts'],
  splits: ['test/unit/corpus/splits.test.ts'],
  rules: ['test/cpu/engine/finite-differences.test.ts'],
};

const routers = [
  {
    name: 'balance loss without its factor',
    find: '[1]), balance * experts));',
    replace: '[1]), balance));',
    tests: by.variants,
  },
  {
    name: 'balance loss with the wrong sign',
    find: '[1]), balance * experts));',
    replace: '[1]), -balance * experts));',
    tests: by.variants,
  },
  {
    name: 'balance loss of a top-k router without ÷ k',
    find: '1 / Math.min(mixture.router.k, experts)) : m;',
    replace: '1) : m;',
    tests: by.variants,
  },
  {
    name: 'balance loss by probabilities where frames are dispatched',
    find: 'const f = kept ? scale(',
    replace: 'const f = false ? scale(',
    tests: by.variants,
  },
  { name: 'z-loss without the square', find: 'sum(mul(z, z), [0])', replace: 'sum(z, [0])', tests: by.variants },
  {
    name: 'penalties averaged over projections',
    find: '.reduce(add), 1 / routers)',
    replace: '.reduce(add), 1 / seen.length)',
    tests: by.variants,
  },
  {
    name: 'penalties left out of the loss',
    find: 'const loss = penalty ?',
    replace: 'const loss = false ?',
    tests: by.variants,
  },
  {
    name: 'top-k keeps one more',
    find: 'atLeast(graph.scalar(k - 1), rank)',
    replace: 'atLeast(graph.scalar(k), rank)',
    tests: by.variants,
  },
  {
    name: 'top-k keeps every one of equal gates',
    find: 'rank = reshape(sum(add(greater, tied), [2])',
    replace: 'rank = reshape(sum(add(greater, sub(tied, tied)), [2])',
    tests: by.experts,
  },
  {
    name: 'top-k gates not renormalised',
    find: 'chosen ? div(chosen, sum(chosen, [1])) : p',
    replace: 'chosen ?? p',
    tests: by.variants,
  },
  {
    name: 'the block router fed the projection’s input',
    find: 'route(gemm(block, parameter(',
    replace: 'route(gemm(x, parameter(',
    tests: by.variants,
  },
  {
    name: 'the block router fed the frozen output',
    find: 'route(gemm(block, parameter(',
    replace: 'route(gemm(frozen, parameter(',
    tests: by.experts,
  },
  {
    name: 'a layer’s own rank ignored in alpha / rank',
    find: 'const factor = mixture.alpha / rank;',
    replace: 'const factor = mixture.alpha / mixture.rank[0];',
    tests: by.variants,
  },
  {
    name: 'alpha without ÷ rank',
    find: 'const factor = mixture.alpha / rank;',
    replace: 'const factor = mixture.alpha;',
    tests: by.variants,
  },
  {
    name: 'gates not multiplied',
    find: "spread = mul(reshape(low, ['B*T', experts, rank]), reshape(routed.gates, ['B*T', experts, 1]));",
    replace: "spread = reshape(low, ['B*T', experts, rank]);",
    tests: by.experts,
  },
  {
    name: 'an expert exported with another’s B',
    find: 'column: e * rank',
    replace: 'column: (experts - 1 - e) * rank',
    tests: by.experts,
  },
  {
    name: 'an expert exported with another’s A',
    find: 'row: e * rank',
    replace: 'row: (experts - 1 - e) * rank',
    tests: by.experts,
  },
];

const model = [
  {
    name: 'weight norm by the first tap’s gain',
    find: '? 1 : gain[k] / norm));',
    replace: '? 1 : gain[0] / norm));',
    tests: by.base,
  },
  {
    name: 'weight norm over the wrong dimensions',
    find: 'norms[k] += direction[i] * direction[i];',
    replace: 'norms[Math.floor((i * taps) / direction.length)] += direction[i] * direction[i];',
    tests: by.base,
  },
  {
    name: 'the mask embedding dropped',
    find: 'add(mul(x, keep), mul(mask,',
    replace: 'add(mul(x, keep), mul(sub(mask, mask),',
    tests: by.base,
  },
  {
    name: 'attention scaled by the whole width',
    find: 'scale(q, width ** -0.5)',
    replace: 'scale(q, hidden ** -0.5)',
    tests: by.base,
  },
  {
    name: 'the last norm of pre-norm blocks left out',
    find: 'if (stableLayerNorm) states[states.length - 1]',
    replace: 'if (false) states[states.length - 1]',
    tests: by.base,
  },
  {
    name: 'the model’s epsilon ignored',
    find: '.bias`), eps);',
    replace: '.bias`), 1e-5);',
    tests: by.variants,
  },
  {
    name: 'the head’s temperature ignored',
    find: 'alpha: 1 / shape.temperature',
    replace: 'alpha: 1',
    tests: by.variants,
  },
  {
    name: 'product in place of cosine',
    find: 'gemm(unitRows(frame), unitRows(head(',
    replace: 'gemm(frame, unitRows(head(',
    tests: by.variants,
  },
  {
    name: 'the loss summed, not averaged',
    find: 'fill(1 / count), shape',
    replace: 'fill(1), shape',
    tests: by.variants,
  },
  {
    name: 'a zero row kept from division by a larger number',
    find: 'x.graph.scalar(1e-16)',
    replace: 'x.graph.scalar(1e-14)',
    tests: by.variants,
    why: 'It is there for a row of zeros alone: beside the squared length of any other row either number is lost in float32.',
  },
  {
    name: 'GELU’s density without its half',
    find: 'exp(scale(mul(x!, x!), -0.5))',
    replace: 'exp(scale(mul(x!, x!), -1))',
    tests: by.rules,
  },
  {
    name: 'softmax’s gradient without what it subtracts',
    find: 'mul(y, sub(d!, sum(mul(d!, y), last(y.shape))))',
    replace: 'mul(y, d!)',
    tests: by.rules,
  },
  {
    name: 'a convolution’s weight gradient with the stride where dilation belongs',
    find: '{ dilation: stride, pad, groups, time: kernel }',
    replace: '{ stride, pad, groups, time: kernel }',
    tests: by.rules,
  },
];

const masksAndLabels = [
  {
    name: 'half the mask’s spans',
    find: 'Math.floor((probability * frames) / length + uniform())',
    replace: 'Math.floor((0.5 * probability * frames) / length + uniform())',
    tests: by.mask,
  },
  {
    name: 'spans always rounded up',
    find: 'Math.floor((probability * frames) / length + uniform())',
    replace: 'Math.ceil((probability * frames) / length)',
    tests: by.mask,
  },
  {
    name: 'the fewest spans ignored',
    find: 'Math.max(1, minSpans, Math.floor(',
    replace: 'Math.max(1, Math.floor(',
    tests: by.mask,
  },
  {
    name: 'a span may start one frame later than in fairseq',
    find: '> spans ? frames - length : Math.min',
    replace: '> spans ? frames - length + 1 : Math.min',
    tests: by.mask,
  },
  {
    name: 'spans drawn with replacement',
    find: '[free[n], free[j]] = [free[j], free[n]];',
    replace: 'free[n] = j;',
    tests: by.mask,
  },
  {
    name: 'evaluation masks drawn anew each time',
    find: "'held-out', hash)",
    replace: "'held-out', hash, Math.random())",
    tests: by.run,
  },
  {
    name: 'evaluation masks alike for all clips of a length',
    find: "'held-out', hash)",
    replace: "'held-out')",
    tests: by.evaluation,
  },
  {
    name: 'the loss over all frames',
    find: 'if (!own[t]) continue;',
    replace: '',
    tests: by.crops,
  },
  {
    name: 'labels off by one',
    find: 'labels.push(unit[start + t]);',
    replace: 'labels.push(unit[start + t + 1]);',
    tests: by.crops,
  },
  {
    name: 'labels of the clip’s start, not of the crop’s',
    find: 'labels.push(unit[start + t]);',
    replace: 'labels.push(unit[t]);',
    tests: by.crops,
  },
  {
    name: 'features of the clip’s start, not of the crop’s',
    find: 'features.read(hash, start, frames)',
    replace: 'features.read(hash, 0, frames)',
    tests: by.crops,
  },
  {
    name: 'the feature store ignores where a crop starts',
    find: 'this.pack.read(hash, start * row, (start + frames) * row)',
    replace: 'this.pack.read(hash, 0, frames * row)',
    tests: by.run,
  },
  {
    name: 'the base’s own labels off by one',
    find: 'baseLabels.push(baseUnit[start + t]);',
    replace: 'baseLabels.push(baseUnit[start + t + 1]);',
    tests: by.crops,
  },
  {
    name: 'labels from the layer below',
    find: '{ layer: config.layer },\n      floats,\n      async',
    replace: '{ layer: config.layer - 1 },\n      floats,\n      async',
    tests: by.run,
  },
  {
    name: 'held-out clips trained on',
    find: "const clips = all.filter(({ split }) => split === 'train');",
    replace: 'const clips = all;',
    tests: by.run,
  },
];

const units = [
  {
    name: 'a wrong nearest centroid: length not halved',
    find: 'bias[k] = -squaredNorm(data, k * width, width) / 2;',
    replace: 'bias[k] = -squaredNorm(data, k * width, width);',
    tests: by.kmeans,
  },
  {
    name: 'a wrong nearest centroid: by product alone',
    find: 'bias[k] = -squaredNorm(data, k * width, width) / 2;',
    replace: 'bias[k] = 0;',
    tests: by.kmeans,
  },
  {
    name: 'k-means moves too little',
    find: 'const rate = 1 / ++seen[k];',
    replace: 'const rate = 1 / (1 + ++seen[k]);',
    tests: by.kmeans,
  },
  {
    name: 'k-means forgets earlier batches',
    find: 'update(centroids, batch, units, seen);',
    replace: 'update(centroids, batch, units, seen.fill(0));',
    tests: by.kmeans,
  },
  {
    name: 'inertia without its factor 2',
    find: '(2 * scores.reduce(',
    replace: '(scores.reduce(',
    tests: by.kmeans,
  },
  {
    name: 'the first start kept, not the best',
    find: 'if (!best || inertia < best.inertia) best =',
    replace: 'if (!best) best =',
    tests: by.kmeans,
  },
  {
    name: 'an unused centroid stays where it is',
    find: 'if (seen[k] >= 0.01 * largest) continue;',
    replace: 'continue;',
    tests: by.kmeans,
  },
];

const optimiser = [
  {
    name: 'no warm-up at all',
    find: 'if (step <= warmup) return step / warmup;',
    replace: 'if (step <= warmup) return 1;',
    tests: by.optimiser,
  },
  {
    name: 'warm-up one step late',
    find: 'if (step <= warmup) return step / warmup;',
    replace: 'if (step <= warmup) return (step - 1) / warmup;',
    tests: by.optimiser,
  },
  {
    name: 'decay that never reaches its end',
    find: 'Math.max(0, (steps - step) /',
    replace: 'Math.max(0, (steps - step + 1) /',
    tests: by.optimiser,
  },
  {
    name: 'the final rate ignored',
    find: 'return finalFraction + (1 - finalFraction) *',
    replace: 'return',
    tests: by.optimiser,
  },
  {
    name: 'the head’s rate given to the adapter',
    find: 'rates.head : rates.adapter',
    replace: 'rates.head : rates.head',
    tests: by.variants,
  },
  {
    name: 'gradients not divided by the accumulation',
    find: 'target[i] += weight * source[i];',
    replace: 'target[i] += source[i];',
    tests: by.variants,
  },
  {
    name: 'clipping by element',
    find: 'const g = gradient[i] * clip;',
    replace: 'const g = Math.max(-clipNorm, Math.min(clipNorm, gradient[i]));',
    tests: by.optimiser,
  },
  {
    name: 'no clipping',
    find: 'clipNorm > 0 ? Math.min(1, clipNorm / (total + 1e-6)) : 1;',
    replace: '1;',
    tests: by.optimiser,
  },
  {
    name: 'a small gradient scaled up to the clip',
    find: 'Math.min(1, clipNorm / (total + 1e-6))',
    replace: 'clipNorm / (total + 1e-6)',
    tests: by.optimiser,
  },
  {
    name: 'clipping without PyTorch’s 1e-6',
    find: 'clipNorm / (total + 1e-6)',
    replace: 'clipNorm / total',
    tests: by.optimiser,
    why: 'PyTorch guards a norm of 0 by it, where nothing is clipped anyway; beside a norm above the clip it is in the seventh digit.',
  },
  {
    name: 'epsilon inside the root',
    find: '(Math.sqrt(v / correction2) + epsilon)',
    replace: 'Math.sqrt(v / correction2 + epsilon)',
    tests: by.optimiser,
  },
  {
    name: 'no bias correction of the first moment',
    find: '(rate * (m / correction1))',
    replace: '(rate * m)',
    tests: by.optimiser,
  },
  {
    name: 'no bias correction of the second moment',
    find: 'Math.sqrt(v / correction2)',
    replace: 'Math.sqrt(v)',
    tests: by.optimiser,
  },
  {
    name: 'weight decay coupled to the gradient',
    find: 'const g = gradient[i] * clip;',
    replace: 'const g = gradient[i] * clip + weightDecay * parameters[i];',
    tests: by.optimiser,
  },
  {
    name: 'weight decay not scaled by the rate',
    find: 'const decay = 1 - rate * weightDecay;',
    replace: 'const decay = 1 - weightDecay;',
    tests: by.optimiser,
  },
  {
    name: 'a group of rate 0 moves its moments',
    find: 'if (rate === 0) continue;',
    replace: '',
    tests: by.optimiser,
  },
  {
    name: 'a gradient that is not finite is taken',
    find: 'if (!Number.isFinite(total)) return total;',
    replace: '',
    tests: by.optimiser,
  },
  {
    name: 'on a device: the square of the clip forgotten',
    find: "mul(scalar('takeSecond'), mul(clip, clip))",
    replace: "mul(scalar('takeSecond'), clip)",
    tests: by.optimiser,
  },
  {
    name: 'on a device: no bias correction of the second moment',
    find: 'root: 1 / Math.sqrt(1 - b2 ** updates)',
    replace: 'root: 1',
    tests: by.optimiser,
  },
  {
    name: 'on a device: no bias correction of the first moment',
    find: '= rate / (1 - b1 ** updates);',
    replace: '= rate;',
    tests: by.optimiser,
  },
  {
    name: 'on a device: decay after the step',
    find: 'sub(mul(p, decay), step)',
    replace: 'mul(sub(p, step), decay)',
    tests: by.optimiser,
  },
  {
    name: 'moments swapped at a resume',
    find: "first: read('first'), second: read('second')",
    replace: "first: read('second'), second: read('first')",
    tests: by.run,
  },
  {
    name: 'the schedule begins anew at a resume',
    find: 'updates: parsed.updates[who]',
    replace: 'updates: 0',
    tests: by.run,
  },
];

const measuring = [
  {
    name: 'load not scaled',
    find: 'loads.map((l) => (l / total) * experts)',
    replace: 'loads.map((l) => l / total)',
    tests: by.meter,
  },
  {
    name: 'effective experts by another base',
    find: 'effectiveExperts: Math.exp(entropy)',
    replace: 'effectiveExperts: 2 ** entropy',
    tests: by.meter,
  },
  {
    name: 'a site’s entropy taken from the first',
    find: 'sums.entropyNats[i] / sums.clips',
    replace: 'sums.entropyNats[0] / sums.clips',
    tests: by.meter,
  },
  {
    name: 'gates of the first clip for all',
    find: 'addRow(sums.gates, outcome.gates, b, languages.length);',
    replace: 'addRow(sums.gates, outcome.gates, 0, languages.length);',
    tests: by.meter,
  },
  {
    name: 'sites share the first site’s gates',
    find: 'at += experts;',
    replace: '',
    tests: by.meter,
  },
  {
    name: 'loss and accuracy by clip, not by frame',
    find: 'lossNats: lossNats / frames,',
    replace: 'lossNats: lossNats / 2,',
    tests: by.meter,
  },
  {
    name: 'the control on half the batches',
    find: 'if (control) tally(progress.meters.control, await',
    replace: 'if (control && part % 2 === 0) tally(progress.meters.control, await',
    tests: by.run,
  },
];

const drawing = [
  {
    name: 'replay’s fraction ignored',
    find: "return has('new') ? replayFraction : 1;",
    replace: "return has('new') ? 0.5 : 1;",
    tests: by.sampler,
  },
  {
    name: 'the exponent of sampling ignored',
    find: '/ total) ** samplingExponent',
    replace: '/ total) ** 1',
    tests: by.sampler,
  },
  {
    name: 'a language’s weight ignored',
    find: 'weight * (frames.get(code)! / total)',
    replace: '(frames.get(code)! / total)',
    tests: by.sampler,
  },
  {
    name: 'crops may reach beyond their clip',
    find: '(clips[index].frames - frames + 1));',
    replace: '(clips[index].frames + 1));',
    tests: by.sampler,
  },
];

export const mutations = [...routers, ...model, ...masksAndLabels, ...units, ...optimiser, ...measuring, ...drawing];
