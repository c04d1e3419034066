import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Findings, FindingTable } from '../../../sidecar/protocol/findings.ts';
import { measuredValue } from '../../../sidecar/protocol/measurement.ts';
import { runFiles } from '../../../sidecar/runs/run.ts';
import { type TinyRun, tinyRuns } from '../../support/tiny-run.ts';

const { root, run } = tinyRuns();
afterAll(() => rmSync(root, { recursive: true }));
const vie = JSON.stringify({ role: 'new', data: resolve('extension/sample/speech/vie'), hours: 0.015 });
const common = ['units.fitOn=existing', 'evaluation.probes=false', 'head.warmupSteps=3', 'training.learningRate=0.01'];
const stages = [`languages.vie=${vie}`, 'stages=[{add: [fin], steps: 2}, {add: [vie], steps: 2}]', ...common];

function tableOf({ result }: TinyRun, measure: string): FindingTable {
  const findings: Findings = JSON.parse(readFileSync(join(result.run.path, runFiles.findings), 'utf8'));
  return findings.tables.find((one) => one.measure === measure)!;
}
const lossOf = (values: Parameters<typeof measuredValue>[0]) => measuredValue(values, 'loss', { language: 'fin' });

it('forward transfer is told against runs of a language alone, and where one does not compare the reason stands there', async () => {
  const alone = (await run([...common, 'training.steps=5'])).result;
  const named = await run([...stages, `evaluation.alone={fin: ${JSON.stringify(alone.run.path)}}`]);
  const table = tableOf(named, 'loss');
  expect(table.forwardAgainst).toBe('alone');
  expect(table.forwardTransfer[1].value).toBeCloseTo(lossOf(alone.after!) - table.rows[1].fin.value!, 5);
  expect(Math.abs(table.forwardTransfer[1].value!)).toBeGreaterThan(1e-4);
  expect(table.forwardTransfer[2].reason).toBe('no run has trained vie alone to compare with');

  // Its units are fitted on other speech then: a loss over them is another number.
  const other = (await run([...common, 'units.fitOn=new', 'training.steps=2'])).result;
  const unlike = await run([
    ...stages,
    `evaluation.alone={fin: ${JSON.stringify(other.run.path)}, vie: ${JSON.stringify(root)}}`,
  ]);
  expect(tableOf(unlike, 'loss').forwardTransfer.map(({ reason }) => reason)).toEqual([
    'nothing was learned before stage 1',
    'the run that learned fin alone has other units',
    'the run that learned vie alone cannot be read',
  ]);
}, 240_000);

it('without such a run it is told against the base, where a stage came before', async () => {
  const table = tableOf(await run(stages), 'loss');
  expect(table.forwardAgainst).toBe('base');
  expect(table.forwardTransfer[1].reason).toContain('no run has trained fin alone');
  expect(table.forwardTransfer[2].value).toBeCloseTo(table.rows[0].vie.value! - table.rows[1].vie.value!, 12);
}, 120_000);
