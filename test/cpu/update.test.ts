import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CloseCodes } from '../../sidecar/protocol/messages.ts';
import { logOf, quick, warmWorkspace } from '../editor/bench/workspace.ts';
import { connected, serve } from '../support/sidecar.ts';

const folder = mkdtempSync(join(tmpdir(), 'milore-update-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a sidecar whose files an update removes finishes its run, says why, and steps down', async () => {
  const old = join(folder, 'old', 'dist');
  mkdirSync(old, { recursive: true });
  for (const name of readdirSync('dist')) if (/\.(js|wasm)$/.test(name)) cpSync(join('dist', name), join(old, name));
  symlinkSync(resolve('node_modules'), join(folder, 'old', 'node_modules'));
  mkdirSync(join(folder, 'home'));
  const workspace = warmWorkspace(join(folder, 'work'), 20);
  const server = await serve(workspace, join(folder, 'home'), ['--keep'], join(old, 'milore.js'));
  try {
    const client = await connected(server.endpoint);
    const { result } = await client.request('run/start', { experiment: join(workspace, quick) });
    const run = join(workspace, '.milore', 'runs', result!.run as string);
    await expect.poll(() => logOf(run).some(({ type }) => type === 'sampling'), { timeout: 60_000 }).toBe(true);
    rmSync(old, { recursive: true });
    expect(await client.closed).toBe(CloseCodes.goingAway);
    expect(logOf(run).at(-1)).toMatchObject({ type: 'done' });
    expect(existsSync(join(run, 'adapter', 'adapter_model.safetensors'))).toBe(true);
    expect(await server.ended).toBe(0);
    expect(server.log()).toMatch(/ends: its files are gone, as after an update .*the next window starts the new one/);
  } finally {
    server.child.kill('SIGKILL');
  }
}, 180_000);
