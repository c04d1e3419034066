import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CloseCodes } from '../../sidecar/protocol/messages.ts';
import { VERSION } from '../../sidecar/version.ts';
import { logOf, quick, warmWorkspace } from '../editor/bench/workspace.ts';
import { Client, connected, serve } from '../support/sidecar.ts';

const folder = mkdtempSync(join(tmpdir(), 'milore-update-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A training of the tiny experiment, begun and at work. */
async function training(client: Client, workspace: string): Promise<string> {
  const { result } = await client.request('run/start', { experiment: join(workspace, quick) });
  const run = join(workspace, '.milore', 'runs', result!.run as string);
  await expect.poll(() => logOf(run).some(({ type }) => type === 'sampling'), { timeout: 150_000 }).toBe(true);
  return run;
}

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
    const run = await training(client, workspace);
    rmSync(old, { recursive: true });
    expect(await client.closed).toBe(CloseCodes.goingAway);
    expect(logOf(run).at(-1)).toMatchObject({ type: 'done' });
    expect(existsSync(join(run, 'adapter', 'adapter_model.safetensors'))).toBe(true);
    expect(await server.ended).toBe(0);
    expect(server.log()).toMatch(/ends: its files are gone, as after an update .*the next window starts the new one/);
  } finally {
    server.child.kill('SIGKILL');
  }
}, 400_000);

it('a sidecar of another version than the window finishes its run, says so, and steps down; without a run at once', async () => {
  const home = join(folder, 'other-home');
  mkdirSync(home);
  const workspace = warmWorkspace(join(folder, 'other'), 20);
  const meet = async ({ port, token }: { port: number; token: string }, version?: string) => {
    const client = await new Client(port).open();
    const { result } = await client.authenticate(token, 1, version);
    return { client, stepsDown: result!.stepsDown };
  };
  const server = await serve(workspace, home, ['--keep']);
  try {
    const same = await meet(server.endpoint, VERSION);
    expect(same.stepsDown).toBeUndefined();
    const run = await training(same.client, workspace);
    const newer = await meet(server.endpoint, '99.0.0');
    expect(newer.stepsDown).toBe('after its run');
    expect(await newer.client.closed).toBe(CloseCodes.goingAway);
    expect(logOf(run).at(-1)).toMatchObject({ type: 'done' });
    expect(await server.ended).toBe(0);
    expect(server.log()).toContain(`ends: it is of version ${VERSION}, and a window of 99.0.0 is here`);
  } finally {
    server.child.kill('SIGKILL');
  }
  const idle = await serve(workspace, home, ['--keep']);
  try {
    const { client, stepsDown } = await meet(idle.endpoint, '99.0.0');
    expect(stepsDown).toBe('now');
    expect(await client.closed).toBe(CloseCodes.goingAway);
    expect(await idle.ended).toBe(0);
  } finally {
    idle.child.kill('SIGKILL');
  }
}, 400_000);
