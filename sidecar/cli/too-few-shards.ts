/** @file Said before ranks are queued or started, as some would have nothing to do. */
import { UserError } from '../errors.ts';

export const tooFewShards = (ranks: number, shards: number | undefined) =>
  new UserError({
    code: 'ranks.too-few-shards',
    tried: `train with ${ranks} ranks`,
    why: shards
      ? `a step has ${shards} ${shards === 1 ? 'shard' : 'shards'} (training.shards): some ranks would have nothing to do.`
      : 'the experiment does not say into how many shards a step is laid (training.shards).',
    cure: `Set training.shards to a multiple of the ranks that you may ever use (--set training.shards=${ranks}); the adapter is then the same on any number of them.`,
  });
