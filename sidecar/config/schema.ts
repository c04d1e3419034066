/**
 * @file The experiment file's one schema: every key with its meaning, unit, range and default.
 * Help, the editor's completion and the README's table are made from it. It must not know files, YAML or VS Code.
 */
import * as z from 'zod';

interface About {
  /** Unit of measure, where the value has one. */
  unit?: string;
  /** What holds when the key is left out and no fixed value can say it. */
  otherwise?: string;
  /** The paper that the key or its default comes from; our own otherwise. */
  source?: string;
}

const about = (meaning: string, { unit, otherwise, source }: About = {}) => ({
  description: meaning,
  ...(unit ? { unit } : {}),
  ...(otherwise ? { otherwise } : {}),
  ...(source ? { source } : {}),
});

const count = (least: number, most: number) => z.int().min(least).max(most);
const real = (least: number, most: number) => z.number().min(least).max(most);
const positive = (most: number) => z.number().gt(0).max(most);
const path = () => z.string().min(1).max(4096).meta({ format: 'path' });
const code = () => z.string().min(1).max(64);
const section = <S extends z.ZodRawShape>(meaning: string, shape: S) =>
  z
    .strictObject(shape)
    .prefault({} as never)
    .meta(about(meaning));

export const roles = ['existing', 'new'] as const;
export const layouts = [
  'auto',
  'plain',
  'tsv',
  'common-voice',
  'spontaneous-speech',
  'kaldi',
  'fairseq',
  'fleurs',
  'metadata',
  'nemo',
  'voxpopuli',
  'ml-superb',
] as const;
export const adapterKinds = ['lora-mixture', 'full', 'none'] as const;
export const projections = ['q', 'k', 'v', 'o', 'fc1', 'fc2'] as const;
export const devices = ['auto', 'cpu', 'cuda', 'webgpu', 'dml', 'coreml'] as const;

const rate = () => positive(1);

const language = z
  .strictObject({
    role: z.enum(roles).meta(about('Whether the base already knows the language (it is replayed) or is to learn it.')),
    data: z
      .union([path(), z.array(path()).min(1).max(1000)])
      .meta(
        about('Folder or manifest of its audio, relative to the experiment file; dataset:NAME; or a list of them.'),
      ),
    layout: z
      .union([z.enum(layouts), z.array(z.enum(layouts)).min(1).max(1000)])
      .default('auto')
      .meta(about('How the data is laid out, or a list with one layout for each; auto looks at the files.')),
    hours: positive(1e6)
      .optional()
      .meta(
        about('Take at most this much audio; for an existing language this is its replay pool.', {
          unit: 'hours',
          otherwise: 'all there is',
        }),
      ),
    heldOut: real(0, 0.5)
      .default(0.15)
      .meta(
        about(
          'Share of the seconds kept out of training to measure on: whole speakers or recordings where they fit, else the end of one, cut at a pause.',
        ),
      ),
    commonVoice: z
      .enum(['auto', 'splits', 'validated'])
      .default('auto')
      .meta(
        about(
          'Which tables of a Common Voice release train: its splits, or validated less the speakers of dev and test; auto takes validated where it has clearly more.',
        ),
      ),
    tiers: z
      .array(z.string().min(1).max(300))
      .min(1)
      .max(100)
      .optional()
      .meta(
        about(
          'Of recordings with ELAN or Praat files beside them, the tiers whose stretches are utterances, by name.',
          { otherwise: 'proposed by what they hold' },
        ),
      ),
    allowOutside: z
      .boolean()
      .optional()
      .meta(
        about('Whether a manifest of it may name audio outside its own folder, by links or "..".', {
          otherwise: 'audio.allowOutside',
        }),
      ),
    weight: positive(1000)
      .default(1)
      .meta(about('Multiplies the chance that the language is drawn among those of its role.')),
  })
  .meta(about('One language, under its ISO 639-3 code.'));

const router = section('How the gates are computed.', {
  kind: z
    .enum(['dense', 'top-k'])
    .default('dense')
    .meta(
      about('dense weighs every expert by a softmax; top-k keeps the k largest gates and renormalises them.', {
        source: 'dense: MiLorE-SSL (arXiv 2601.20300); top-k: Lamer-SSL (arXiv 2602.12746)',
      }),
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

const maskSection = (meaning: string) =>
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

export const experimentSchema = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .meta(about('What the run is called.', { otherwise: 'the file’s name' })),
    base: z
      .strictObject({
        model: path().meta(about('Folder of the base model, as Hugging Face writes it, or model:NAME.')),
        head: path()
          .optional()
          .meta(
            about('The base’s own pre-training head (safetensors), kept frozen as the yardstick of forgetting.', {
              otherwise: 'none',
            }),
          ),
      })
      .meta(about('The frozen model that is taught.')),
    languages: z
      .record(z.string(), language)
      .meta(about('The languages, by ISO 639-3 code (three letters: eng, cmn, yor).')),
    audio: section('How recordings are read and cut.', {
      channels: z
        .union([z.enum(['mix', 'each']), z.int().min(1).max(64)])
        .default('mix')
        .meta(
          about(
            'Of recordings with several channels: their mean, each as a speaker of its own, or one, counted from 1. Where a manifest names a channel, that one.',
          ),
        ),
      joinSeconds: positive(600)
        .optional()
        .meta(
          about('Join a speaker’s short utterances into chunks of about this length.', {
            unit: 'seconds',
            otherwise: 'never joined',
          }),
        ),
      maxSeconds: positive(600)
        .default(15.6)
        .meta(about('Longer utterances are cut into pieces of equal length.', { unit: 'seconds' })),
      minSeconds: real(0, 600)
        .default(0.5)
        .meta(about('Shorter utterances are left out and listed.', { unit: 'seconds' })),
      allowOutside: z.boolean().default(false).meta(about('Whether a manifest may name audio outside its own folder.')),
    }),
    adapter: section('What is trained.', {
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
    }),
    units: section('The discrete targets: k-means clusters of the frozen base’s features.', {
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
    }),
    replay: section('Speech of the existing languages, mixed in so that they are not forgotten.', {
      fraction: real(0, 0.9)
        .default(0.125)
        .meta(
          about('Share of the training audio that is replayed (0 where no language is existing).', {
            source: 'Lamer-SSL (arXiv 2602.12746): 18 % of the mix',
          }),
        ),
      hours: positive(1e6)
        .optional()
        .meta(
          about(
            'Size of the whole replay pool: so much of the replayed languages is kept, shared out as they are drawn.',
            {
              source: 'MiLorE-SSL (arXiv 2601.20300): about 100 h',
              unit: 'hours',
              otherwise: 'all there is',
            },
          ),
        ),
      languages: z
        .array(code())
        .max(1000)
        .optional()
        .meta(about('Which existing languages are replayed.', { otherwise: 'every existing language' })),
    }),
    sampling: section('How often a language is drawn.', {
      exponent: real(0, 1)
        .default(0.7)
        .meta(
          about('Chance ∝ (share of the audio)^exponent: 1 as the data lies, 0 all alike.', {
            source: 'mHuBERT-147: 0.7 over languages',
          }),
        ),
    }),
    mask: maskSection('The spans of frames that are hidden and predicted in training.'),
    head: section('The prediction head: a projection and one embedding a unit.', {
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
    }),
    training: section('Optimiser (AdamW), schedule and batches.', {
      steps: count(1, 1e8)
        .default(1000)
        .meta(about('Updates of the parameters.', { unit: 'steps' })),
      batchSeconds: positive(36000)
        .default(40)
        .meta(about('Audio in one batch, all languages together.', { unit: 'seconds' })),
      accumulate: count(1, 4096)
        .default(1)
        .meta(about('Batches whose gradients make one step.', { unit: 'batches' })),
      learningRate: rate()
        .default(1.5e-3)
        .meta(
          about('Peak learning rate of the adapter.', {
            source: 'Lamer-SSL (arXiv 2602.12746): 1.5e-3; HuBERT training in fairseq: 5e-4 (base), 1.5e-3 (large)',
          }),
        ),
      headLearningRate: rate()
        .optional()
        .meta(about('Peak learning rate of the head.', { otherwise: 'training.learningRate' })),
      betas: z
        .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
        .default([0.9, 0.98])
        .meta(about('Decay of AdamW’s two moments.', { source: 'HuBERT training in fairseq: 0.9, 0.98' })),
      epsilon: positive(1)
        .default(1e-6)
        .meta(about('Added to the root of the second moment.', { source: 'HuBERT training in fairseq: 1e-6' })),
      weightDecay: real(0, 10)
        .default(0.01)
        .meta(about('Decoupled weight decay.', { source: 'HuBERT training in fairseq: 0.01' })),
      clipNorm: positive(1e6)
        .default(1)
        .meta(
          about('Largest global norm of a gradient.', { source: 'HuBERT training in fairseq: 10 (base), 1 (large)' }),
        ),
      warmupFraction: real(0, 1)
        .default(0.08)
        .meta(
          about('Share of the steps in which the rate rises to its peak.', {
            source: 'HuBERT training in fairseq: 8 %',
          }),
        ),
      finalFraction: real(0, 1)
        .default(0)
        .meta(
          about('Rate at the end of the linear decay, as a share of the peak.', {
            source: 'HuBERT training in fairseq: linear decay',
          }),
        ),
    }),
    control: z
      .boolean()
      .default(true)
      .meta(about('Also train the same head as long on the frozen base, to compare with.')),
    evaluation: section('Held-out measurements during training.', {
      every: count(1, 1e8)
        .default(100)
        .meta(about('Steps between measurements.', { unit: 'steps' })),
      secondsPerLanguage: positive(1e6)
        .default(120)
        .meta(about('Held-out audio measured in each language.', { unit: 'seconds' })),
      mask: maskSection('The spans of held-out speech, which do not follow those of training.'),
    }),
    checkpoint: section('What an interrupted run goes on from.', {
      every: count(1, 1e8)
        .default(100)
        .meta(about('Steps between checkpoints.', { unit: 'steps' })),
      keep: count(1, 1000)
        .default(2)
        .meta(about('Newest checkpoints kept.', { unit: 'checkpoints' })),
    }),
    log: section('What is written down on the way.', {
      every: count(1, 1e8)
        .default(10)
        .meta(about('Steps between logged points.', { unit: 'steps' })),
    }),
    seed: count(0, 2 ** 32 - 1)
      .default(1)
      .meta(about('Seed of everything that is drawn.')),
    device: z
      .enum(devices)
      .default('auto')
      .meta(about('Where to compute; auto takes the first that agrees with the CPU.')),
  })
  .meta({ title: 'MiLorE experiment', ...about('An experiment: what is taught to which base, from which audio.') });

/** The schema's own output: defaults filled in, nothing yet that depends on another key. */
export type ParsedExperiment = z.output<typeof experimentSchema>;
