/** @file A run that is stopped at its first checkpoint and goes on, beside the same run in one piece. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TinyRun, tinyRuns } from './tiny-run.ts';

export const weightsOf = ({ result }: TinyRun): string =>
  readFileSync(join(result.run.path, 'adapter', 'adapter_model.safetensors')).toString('base64');

type Run = ReturnType<typeof tinyRuns>['run'];

/** Of six steps three are made before it goes on: at a rate of zero, the last one's, nothing could differ. */
export async function throughAStop(
  run: Run,
  more: string[],
): Promise<Record<'stopped' | 'resumed' | 'whole', TinyRun>> {
  const settings = ['training.steps=6', 'evaluation.every=6', 'checkpoint.every=2', ...more];
  const controller = new AbortController();
  const onEvent = (event: { type: string }) =>
    void (event.type === 'checkpoint' && controller.abort({ code: 'asked' }));
  const stopped = await run(settings, { signal: controller.signal, onEvent });
  if (stopped.result.state !== 'stopped') throw new Error('it was not stopped');
  const resumed = await run(settings, { resume: stopped.result.run.path });
  return { stopped, resumed, whole: await run(settings) };
}
