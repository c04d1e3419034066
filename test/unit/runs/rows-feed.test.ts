import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { meant } from '../../../extension/runs/meant.ts';
import { rowsFeed, sizesFeed } from '../../../extension/runs/rows-feed.ts';
import { compared, settingsOf } from '../../../extension/runs/settings-text.ts';
import { readStoredRun } from '../../../extension/runs/stored-run.ts';
import { retagged } from '../../../extension/runs/tags-text.ts';
import type { ToWebview } from '../../../sidecar/protocol/dashboard.ts';
import { openRun } from '../../../sidecar/runs/run.ts';
import { makeRuns } from '../../support/many-runs.ts';
import { temporaryFolder } from './folder.ts';

const l10n = {
  t: (text: string, ...args: (string | number | boolean)[]) => text.replace(/\{(\d)\}/g, (_, i) => String(args[i])),
};

describe('the rows of the table', () => {
  it('are told some at a time, all of them, and again only where a log has grown', async () => {
    const workspace = temporaryFolder();
    const ids = makeRuns(workspace, 130, { steps: 20, different: 3 });
    const folder = (id: string) => join(workspace, '.milore', 'runs', id);
    const runs = ids.map((id) => readStoredRun(openRun(folder(id))));
    expect(runs[24].parent).toEqual({ run: ids[23], step: 100 });
    const told: Extract<ToWebview, { type: 'rows' }>[] = [];
    let changed = () => {};
    const onChange = (listener: () => unknown) => {
      changed = () => void listener();
      return { dispose() {} };
    };
    const known = new Map();
    const feed = rowsFeed({ runs, onChange }, (message) => told.push(message), known);
    await expect.poll(() => told.at(-1)?.left).toBe(0);
    expect(told.map(({ rows, left }) => [rows.length, left])).toEqual([
      [100, 30],
      [30, 0],
    ]);
    const { keys, rows } = told[0];
    const lr = keys.indexOf('training.learningRate');
    expect(new Set(rows.map(({ values }) => values[lr]))).toEqual(new Set([0.001, 0.003, 0.01]));
    expect(rows[0].results.find(({ measure, language }) => measure === 'loss' && language === 'fin')).toMatchObject({
      lastStep: 0,
    });
    const log = join(folder(ids[7]), 'log.jsonl');
    const line = readFileSync(log, 'utf8')
      .split('\n')
      .find((one) => one.includes('"type":"evaluation"'))!;
    appendFileSync(log, `${line.replace('"step":0', '"step":15')}\n`);
    changed();
    await expect.poll(() => told.length, { timeout: 5000 }).toBe(3);
    expect(told[2].rows.map(({ id }) => id)).toEqual([ids[7]]);
    expect(told[2].rows[0].results[0].lastStep).toBe(15);
    feed.dispose();
    // A view that comes back is told what is known, without a file being read again.
    const again: typeof told = [];
    rowsFeed({ runs, onChange }, (message) => again.push(message), known).dispose();
    expect(known.size).toBe(130);
  });

  it('have what they take on the disk, measured once while nothing of them changes, links not followed', async () => {
    const workspace = temporaryFolder();
    const ids = makeRuns(workspace, 9, { steps: 20, different: 1 });
    const folder = (id: string) => join(workspace, '.milore', 'runs', id);
    mkdirSync(join(folder(ids[3]), 'checkpoints', '20'), { recursive: true });
    writeFileSync(join(folder(ids[3]), 'checkpoints', '20', 'state'), Buffer.alloc(1_500_000));
    symlinkSync(join(folder(ids[3]), 'checkpoints'), join(folder(ids[4]), 'checkpoints'));
    const runs = ids.map((id) => readStoredRun(openRun(folder(id))));
    const told: Extract<ToWebview, { type: 'sizes' }>[] = [];
    const onChange = () => ({ dispose() {} });
    const known = new Map<string, { stamp: string; value: number }>();
    const measured = async () => {
      const from = told.length;
      const feed = sizesFeed({ runs, onChange }, (message) => told.push(message), known);
      await expect.poll(() => told.length).toBe(from + 1);
      feed.dispose();
      expect(told[from].left).toBe(0);
      return new Map(told[from].sizes);
    };
    const first = await measured();
    const files = (id: string) =>
      readdirSync(folder(id), { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .reduce((sum, { name }) => sum + statSync(join(folder(id), name)).size, 0);
    for (const id of ids) expect(first.get(id)).toBe(files(id) + (id === ids[3] ? 1_500_000 : 0));

    // Known by what it looked like when it was measured: a number that no disk has is told again, and not where it changed.
    for (const [id, { stamp }] of known) known.set(id, { stamp, value: -7 });
    writeFileSync(join(folder(ids[5]), 'findings.json'), 'x'.repeat(1000));
    rmSync(join(folder(ids[3]), 'checkpoints', '20'), { recursive: true });
    const again = await measured();
    expect(again.get(ids[0])).toBe(-7);
    expect(again.get(ids[5])).toBe(first.get(ids[5])! + 1000);
    expect(again.get(ids[3])).toBe(first.get(ids[3])! - 1_500_000);
  });
});

describe('which runs are meant', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((id) => ({ id }));
  it('a click within the selection means all of it, beside it that one alone', () => {
    expect(meant([a], [a, b])).toEqual([a, b]);
    expect(meant([c], [a, b])).toEqual([c]);
    expect(meant([], [b, a, b])).toEqual([b, a]);
    expect(meant([c], [])).toEqual([c]);
  });

  it('several get the tags that are added, and keep their own', () => {
    expect(retagged(['mine', 'both'], ['both'], ['both', 'new'])).toEqual(['mine', 'both', 'new']);
    expect(retagged(['mine', 'both'], ['both'], [])).toEqual(['mine']);
  });
});

describe('settings as text', () => {
  it('are what the run was run with, as YAML that says it is a record', () => {
    const told = settingsOf(
      { name: 'x\n# y', id: 'r', parent: { run: 'p', step: 7 } },
      { seed: 1, a: { b: [1, 2] } },
      l10n,
    );
    expect(told.split('\n').slice(0, 4)).toEqual([
      '# What “x # y” was run with, every default written out.',
      '# Run r. This is a record: changing it changes nothing.',
      '# It began with the parameters of p after 7 steps.',
      'seed: 1',
    ]);
  });

  it('compared: what differs stands first, line beside line', () => {
    const [mine, other] = compared({ seed: 1, a: { lr: 0.1, only: true } }, { seed: 1, a: { lr: 0.2 } }, l10n);
    expect(mine).toBe('# What differs: 2\na.lr: 0.1\na.only: true\n\n# The same in both: 1\nseed: 1\n');
    expect(other).toBe('# What differs: 2\na.lr: 0.2\n# a.only: –\n\n# The same in both: 1\nseed: 1\n');
  });
});
