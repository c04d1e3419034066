/** @file The schema's keys of what is trained: adapter and router, the units that are predicted, masks, the head. */
import * as z from 'zod';
import { about, code, count, positive, rate, real, section } from './schema-kit.ts';

export const adapterKinds = ['lora-mixture', 'full', 'none'] as const;
export const projections = ['q', 'k', 'v', 'o', 'fc1', 'fc2'] as const;

const router = section('How the gates are computed.', {
  kind: z
    .enum(['dense', 'top-k', 'language'])
    .default('dense')
    .meta(
      about(
        'dense weighs every expert by a softmax; top-k keeps the k largest gates and renormalises them; language computes none: each new language has an expert of its own, and the existing ones share one.',
        {
          source: 'dense: MiLorE-SSL (arXiv 2601.20300); top-k: Lamer-SSL (arXiv 2602.12746)',
        },
      ),
    ),
  k: count(1, 64)
    .default(2)
    .meta(
      about('Experts kept a frame by a top-k router.', { source: 'Lamer-SSL (arXiv 2602.12746): 2', unit: 'experts' }),
    ),
  share: z
    .enum(['site', 'block'])
    .default('site')
    .meta(about('One router at each adapted projection, or one a block on the block’s input.')),
  balance: real(0, 1000)
    .default(0)
    .meta(
      about('Weight of the load-balance loss.', {
        source: 'Lamer-SSL (arXiv 2602.12746), L = L_mask + λ·N·Σ m_k·f_k with λ = 0.001',
      }),
    ),
  zLoss: real(0, 1000)
    .default(0)
    .meta(about('Weight of the router’s z-loss.', { source: 'ST-MoE (Zoph et al. 2022), eq. 5' })),
  init: real(0, 10).default(0.02).meta(about('Standard deviation of the router’s first weights.')),
});

export const maskSection = (meaning: string) =>
  section(meaning, {
    probability: positive(1)
      .default(0.8)
      .meta(about('Share of frames masked, before overlaps.', { source: 'HuBERT training in fairseq: 0.80' })),
    length: count(1, 1000)
      .default(10)
      .meta(about('Length of a span.', { source: 'HuBERT training in fairseq: 10', unit: 'frames' })),
    minSpans: count(0, 1000)
      .default(2)
      .meta(about('Fewest spans an utterance.', { source: 'HuBERT training in fairseq: 2', unit: 'spans' })),
  });

export const adapter = section('What is trained.', {
  kind: z
    .enum(adapterKinds)
    .default('lora-mixture')
    .meta(
      about('A mixture of LoRA experts, the whole transformer (full, the baseline), or nothing but the head.', {
        source: 'MiLorE-SSL (arXiv 2601.20300)',
      }),
    ),
  experts: z
    .union([count(1, 64), z.array(count(1, 64)).min(1).max(256)])
    .default(4)
    .meta(
      about('Experts at each adapted projection, or a list with one number a layer; 1 is plain LoRA.', {
        source: 'Lamer-SSL (arXiv 2602.12746): 2, 4, 6, 8 by groups of six layers',
      }),
    ),
  rank: z
    .union([count(1, 256), z.array(count(1, 256)).min(1).max(256)])
    .default(8)
    .meta(
      about('Rank of each expert, or a list with one number a layer.', {
        source: 'Lamer-SSL (arXiv 2602.12746): rank 12',
      }),
    ),
  sharedExperts: count(0, 16)
    .default(0)
    .meta(
      about('Experts beside them, of the same rank, that no router weighs: always on.', {
        source: 'DeepSeekMoE (arXiv 2401.06066): shared experts',
        unit: 'experts',
      }),
    ),
  alpha: positive(65536).default(16).meta(about('LoRA’s scale: an expert’s output is multiplied by alpha / rank.')),
  targets: z
    .array(z.enum(projections))
    .max(64)
    .default(['fc1', 'fc2'])
    .meta(about('The projections that carry experts.')),
  router,
  dropout: real(0, 0.9)
    .default(0)
    .meta(
      about('Share of the numbers that enter the experts set to zero in training.', {
        source: 'LoRA (arXiv 2106.09685), as in PEFT',
      }),
    ),
  trainMask: z
    .boolean()
    .optional()
    .meta(
      about('Whether the mask embedding trains too, in every arm.', {
        otherwise: 'only where the base brings none',
      }),
    ),
  init: real(0, 10).default(0.02).meta(about('Standard deviation of the first A matrices (B starts at zero).')),
});

export const units = section('The discrete targets: k-means clusters of the frozen base’s features.', {
  layer: z
    .union([z.literal('auto'), count(1, 256)])
    .default('auto')
    .meta(
      about('Encoder layer whose output is clustered, from 1; auto is about three quarters of the depth.', {
        source: 'HuBERT training in fairseq: layer 6, later 9; mHuBERT-147: 9',
      }),
    ),
  clusters: count(2, 5000)
    .default(100)
    .meta(
      about('Number of units.', {
        source: 'HuBERT training in fairseq: 100, later 500; mHuBERT-147: 1000',
        unit: 'units',
      }),
    ),
  fitOn: z
    .union([z.enum(['all', 'new', 'existing']), z.array(code()).min(1).max(1000)])
    .default('all')
    .meta(about('The languages whose speech the clusters are fitted on, or a list of codes.')),
  refit: z
    .boolean()
    .default(false)
    .meta(
      about(
        'Whether every stage fits units of its own, on the languages that are there by then, and trains on them with a new head. Held-out speech keeps the units of the first stage, and a head of its own.',
        { source: 'Seamless Language Expansion (arXiv 2406.14092): units clustered again over old and new data' },
      ),
    ),
  framesPerLanguage: count(100, 1e8)
    .default(20000)
    .meta(about('Sample drawn from each language for the fit.', { unit: 'frames' })),
  iterations: count(1, 100000)
    .default(100)
    .meta(
      about('Most mini-batch passes of one fit.', {
        source: 'HuBERT training in fairseq (MiniBatchKMeans): 100',
        unit: 'iterations',
      }),
    ),
  restarts: count(1, 100)
    .default(3)
    .meta(
      about('Fits from different starts; the best is kept.', {
        source: 'HuBERT training in fairseq: 20',
        unit: 'fits',
      }),
    ),
  seed: count(0, 2 ** 32 - 1)
    .default(1)
    .meta(about('Seed of the fit; it does not follow seed, so that runs with other seeds keep their targets.')),
});

export const head = section('The prediction head: a projection and one embedding a unit.', {
  projection: count(1, 8192)
    .default(256)
    .meta(
      about('Width of the projection.', {
        source: 'HuBERT training in fairseq: 256 (base), 768 (large)',
        unit: 'dimensions',
      }),
    ),
  temperature: positive(100)
    .default(0.1)
    .meta(about('Divides the cosine similarities.', { source: 'HuBERT training in fairseq: 0.1' })),
  warmupSteps: count(0, 1e8)
    .optional()
    .meta(
      about('Head-only steps on the frozen base, over all languages, from which adapted model and control start.', {
        unit: 'steps',
        otherwise: 'a quarter of training.steps, at most 250',
      }),
    ),
  learningRate: rate()
    .optional()
    .meta(about('Peak learning rate of those head-only steps.', { otherwise: 'training.headLearningRate' })),
});
