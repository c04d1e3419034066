/** @file The same through the service: its worker has the forms, and nothing but the forms is asked of it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exportForms } from '../../../sidecar/protocol/forms.ts';
import { methods } from '../../../sidecar/server/methods.ts';
import { job } from '../../crash/faults/processes.ts';
import { bases, finishedRun } from '../../support/finished-run.ts';
import { scratch } from '../../support/reference.ts';

it.each(exportForms)(
  'the service exports a run as %s',
  async (as) => {
    const { path, root } = await finishedRun(bases.hubert(), ['adapter.experts=1']);
    const out = join(scratch(), 'out');
    const { ended, text } = await job('export', { path, out, as }, root);
    expect(ended, text).toBe('done');
    expect(existsSync(join(out, 'README.md'))).toBe(true);
  },
  120_000,
);

it('a form that there is not is no request, and none at all is the adapter', () => {
  const { params } = methods['run/export'];
  const request = { run: '20261126-120000-tiny-abcd', out: '/tmp/out' };
  expect(params.safeParse({ ...request, as: 'pickle' }).success).toBe(false);
  expect(params.safeParse(request).data).toMatchObject({ as: 'adapter' });
});
