/** @file A run that is stopped at its first checkpoint and goes on, beside the same run in one piece. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TinyRun, tinyRuns } from './tiny-run.ts';

export const weightsOf = ({ result }: TinyRun): string =>
  readFileSync(join(result.run.path, 'adapter', 'adapter_model.safetensors')).toString('base64');

type Run = ReturnType<typeof tinyRuns>['run'];

export async function throughAStop(
  run: Run,
  settings: string[],
): Promise<Record<'stopped' | 'resumed' | 'whole', TinyRun>> {
  const controller = new AbortController();
  const onEvent = (event: { type: string }) =>
    void (event.type === 'checkpoint' && controller.abort({ code: 'asked' }));
  const stopped = await run(settings, { signal: controller.signal, onEvent });
  if (stopped.result.state !== 'stopped') throw new Error('it was not stopped');
  const resumed = await run(settings, { resume: stopped.result.run.path });
  return { stopped, resumed, whole: await run(settings) };
}
