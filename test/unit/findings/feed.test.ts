import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FindingsFeed } from '../../../extension/runs/findings-feed.ts';
import type { StoredRun } from '../../../extension/runs/store.ts';
import { type FindingsFile, findingsPath } from '../../../sidecar/runs/findings.ts';
import { sampleFindings } from '../../support/findings.ts';
import { scratch } from '../../support/scratch.ts';

const folder = scratch();

it('tells the findings of a run, again when another file takes their place, and when they are gone', async () => {
  const run = { path: folder('run') } as StoredRun;
  mkdirSync(run.path);
  const told: FindingsFile[] = [];
  const feed = new FindingsFeed(run, (file) => told.push(file));
  const next = async (change: () => void) => {
    const before = told.length;
    change();
    await expect.poll(() => told.length, { timeout: 5000 }).toBe(before + 1);
    return told[before];
  };
  const put = (text: string) => () => {
    writeFileSync(`${findingsPath(run)}.tmp`, text);
    renameSync(`${findingsPath(run)}.tmp`, findingsPath(run));
  };
  try {
    const first = await next(put(JSON.stringify(sampleFindings())));
    expect(first.kind).toBe('found');
    const grown = { ...sampleFindings(), costShare: 0.5 };
    expect(await next(put(JSON.stringify(grown)))).toMatchObject({ kind: 'found', findings: { costShare: 0.5 } });
    expect(await next(put('{'))).toMatchObject({ kind: 'wrong', fault: { code: 'json' } });
    expect(await next(() => rmSync(findingsPath(run)))).toEqual({ kind: 'none' });
    // Nothing new, nothing said; and nothing at all of a run that has none.
    await new Promise((done) => setTimeout(done, 2200));
    expect(told.length).toBe(4);
  } finally {
    feed.dispose();
  }
  put(JSON.stringify(sampleFindings()))();
  await new Promise((done) => setTimeout(done, 1500));
  expect(told.length).toBe(4);
});
