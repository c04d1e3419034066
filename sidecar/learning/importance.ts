/** @file How much each parameter matters for speech that a model knows: the diagonal of its Fisher information. */
import type { LearnableConfig } from '../model/config.ts';
import type { Batch, Learner } from './learner.ts';

/**
 * What the information is of: the loss on labels alone, without the penalties of routers, dropout and whatever else is
 * learned beside it.
 */
export function plainly({ adapter, retention: _, ...config }: LearnableConfig): LearnableConfig {
  if (adapter.kind !== 'lora-mixture') return { ...config, adapter };
  const { mixture } = adapter;
  const router = { ...mixture.router, balance: 0, zLoss: 0 };
  return { ...config, adapter: { ...adapter, mixture: { ...mixture, router, dropout: 0 } } };
}

/**
 * The empirical diagonal Fisher information: of each parameter the mean over clips of the squared derivative of a clip's
 * mean masked loss in nats (Kirkpatrick et al. 2017, section 2; the labels are those of the data, and a clip counts alike
 * however long it is). The head's is 0: it is free to move.
 * @param clips each a batch of one clip
 * @returns in the order of the parameters; zeros without clips
 */
export async function importanceOf(learner: Learner, clips: AsyncIterable<Batch>): Promise<Float32Array> {
  const { parameters } = learner;
  const squares = new Float64Array(parameters.size);
  let count = 0;
  for await (const clip of clips) {
    await learner.accumulate(clip);
    const gradient = await learner.readGradient();
    learner.discard();
    for (let i = 0; i < squares.length; i++) squares[i] += gradient[i] * gradient[i];
    count++;
  }
  const importance = Float32Array.from(squares, (sum) => sum / Math.max(1, count));
  for (const name of parameters.namesOf('head')) parameters.view(name, importance).fill(0);
  return importance;
}
