import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { milore } from '../../support/cli.ts';
import { bases, type FinishedRun, finishedRun } from '../../support/finished-run.ts';
import { WritableHub } from '../../support/hub-writes.ts';

let hub: WritableHub;
let run: FinishedRun;
const scratch = mkdtempSync(join(tmpdir(), 'milore-publish-'));
beforeAll(async () => {
  hub = await WritableHub.start();
  run = await finishedRun(bases.hubert());
});
afterAll(async () => {
  await hub.stop();
  for (const folder of [scratch, run.root]) rmSync(folder, { recursive: true });
});

const env = () => ({ HF_ENDPOINT: hub.url, HF_TOKEN: 'hf_write', TMPDIR: scratch });
const files = (name: string) => [...(hub.repositories.get(name)?.files.keys() ?? [])].sort();

it('a run that was not exported yet is shown first, and sent once that is agreed to', async () => {
  const unseen = await milore(['publish', run.path, '--repo', 'field-lab/tiny', '--private'], undefined, env());
  expect(unseen.code).toBe(1);
  expect(unseen.stderr).toMatch(/^library_name: .?milore/m);
  expect(unseen.stderr).toContain(`To ${hub.url}/field-lab/tiny, private:`);
  expect(unseen.stderr).toContain('adapter_model.safetensors');
  expect(unseen.stderr).toContain('a licence was not noted');
  expect(unseen.stderr).toContain('say --yes');
  expect(hub.heard).toEqual([]);

  const sent = await milore(['publish', run.path, '--repo', 'field-lab/tiny', '--private', '--yes'], undefined, env());
  expect(sent.code, sent.stderr).toBe(0);
  expect(sent.stdout).toContain(`Published: ${hub.url}/field-lab/tiny`);
  expect(sent.stdout + sent.stderr).not.toContain('hf_write');
  expect(hub.repositories.get('field-lab/tiny')!.isPrivate).toBe(true);
  expect(files('field-lab/tiny')).toEqual([
    '.gitattributes',
    'README.md',
    'adapter_config.json',
    'adapter_model.safetensors',
  ]);
  const adapter = readFileSync(join(run.path, 'adapter', 'adapter_model.safetensors'));
  expect(hub.repositories.get('field-lab/tiny')!.files.get('adapter_model.safetensors')!.equals(adapter)).toBe(true);
  expect(readdirSync(scratch)).toEqual([]);
}, 60_000);

it('a folder that was exported goes as it is, in the form that it has', async () => {
  const out = join(run.root, 'peft');
  expect((await milore(['export', run.path, '--out', out, '--as', 'peft'])).code).toBe(0);
  const sent = await milore(['publish', out, '--repo', 'field-lab/peft', '--yes', '--json'], undefined, env());
  expect(sent.code, sent.stderr).toBe(0);
  expect(JSON.parse(sent.stdout)).toEqual({
    url: `${hub.url}/field-lab/peft`,
    commit: hub.repositories.get('field-lab/peft')!.sha,
  });
  expect(files('field-lab/peft').filter((name) => name.endsWith('/adapter_model.safetensors')).length).toBe(2);
}, 60_000);

it('a run without an adapter, and whoever has no token, are told so', async () => {
  rmSync(join(run.path, 'adapter'), { recursive: true });
  const unfinished = await milore(['publish', run.path, '--repo', 'field-lab/none', '--yes'], undefined, env());
  expect(unfinished.code).toBe(1);
  expect(unfinished.stderr).toMatch(/adapter/);
  expect(existsSync(join(run.path, 'adapter'))).toBe(false);
  expect(readdirSync(scratch)).toEqual([]);
  const nobody = { ...env(), HF_TOKEN: '', HF_HOME: scratch };
  const refused = await milore(
    ['publish', join(run.root, 'peft'), '--repo', 'field-lab/none', '--yes'],
    undefined,
    nobody,
  );
  expect(refused.stderr).toContain('no token that says who you are');
  expect((await milore(['publish', run.path, '--repo', 'no-owner'], undefined, env())).code).toBe(2);
  expect(hub.repositories.has('field-lab/none')).toBe(false);
}, 60_000);
