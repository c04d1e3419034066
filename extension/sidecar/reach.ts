/** @file The way to the workspace's sidecar: the one that a person names, the one that runs, or a new one. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { type Endpoint, forgetEndpoint, readEndpoint } from '../../sidecar/endpoint.ts';
import { VERSION } from '../../sidecar/version.ts';
import { launch } from './launch.ts';
import { connect, type Link, NobodyThere, TokenRefused } from './socket.ts';

/** A sidecar without a run ends in much less; one with a run writes a last checkpoint. */
const goneMs = 60_000;

export interface Means {
  /** The bundled `milore.js`. */
  script: string;
  secrets: vscode.SecretStorage;
  output: Pick<vscode.LogOutputChannel, 'warn'>;
}

/** @throws Error that a person can act on */
export async function reach(workspace: string, { script, secrets, output }: Means, mayLaunch: boolean): Promise<Link> {
  const address = setting('sidecar.address');
  if (address) return foreign(address, secrets, mayLaunch);
  const found = readEndpoint(workspace);
  if (found) {
    try {
      const link = await connect(found, VERSION);
      if (!(await givesWay(link))) return link;
      await gone(found).finally(() => link.close());
    } catch (error) {
      if (!(error instanceof NobodyThere)) throw error;
      // Of a process that its start time tells to be the sidecar: its door is shut, since it is about to end.
      if (found.born === undefined) {
        // After a power cut its process number may be another's, who knows nothing of us.
        output.warn(`${error.message} The address of process ${found.pid} is removed.`);
        forgetEndpoint(found);
      } else if (mayLaunch) await gone(found);
    }
  }
  if (!mayLaunch) throw new Error(vscode.l10n.t('No sidecar serves this workspace.'));
  const threads = vscode.workspace.getConfiguration('milore').get('threads', 0);
  return connect(await launch({ workspace, script, node: setting('sidecar.node'), threads }), VERSION);
}

/** One of another version ends where it has nothing to do; those up to 0.3.0 have to be asked. */
async function givesWay({ welcome: { version, stepsDown }, connection }: Link): Promise<boolean> {
  if (version === VERSION || stepsDown) return stepsDown === 'now';
  return connection.sendRequest('shutdown', { force: false }).then(
    () => true,
    () => false,
  );
}

/** A sidecar that ends can be found until it has ended. @throws Error where that takes too long */
export async function gone({ workspace, pid }: Endpoint): Promise<void> {
  for (const end = Date.now() + goneMs; readEndpoint(workspace)?.pid === pid; await sleep(25))
    if (Date.now() > end)
      throw new Error(vscode.l10n.t('The sidecar (process {0}) is still busy stopping. Try again in a minute.', pid));
}

/** One that a person started: its token is asked for once and kept by VS Code. */
async function foreign(address: string, secrets: vscode.SecretStorage, mayAsk: boolean): Promise<Link> {
  const parts = /^(127\.0\.0\.1|localhost):(\d{1,5})$/.exec(address);
  if (!parts)
    throw new Error(vscode.l10n.t('milore.sidecar.address must be like 127.0.0.1:7100, and is {0}.', address));
  const key = `token ${address}`;
  let token = await secrets.get(key);
  if (!token) {
    if (!mayAsk) throw new Error(vscode.l10n.t('No sidecar serves this workspace.'));
    token = await vscode.window.showInputBox({
      title: vscode.l10n.t('Token of the sidecar at {0}', address),
      prompt: vscode.l10n.t('"milore serve" says in which file it lies.'),
      password: true,
      ignoreFocusOut: true,
    });
    if (!token) throw new vscode.CancellationError();
    await secrets.store(key, token.trim());
  }
  try {
    return await connect({ port: Number(parts[2]), token: token.trim() });
  } catch (error) {
    if (error instanceof TokenRefused) await secrets.delete(key);
    throw error;
  }
}

export const setting = (key: string): string => vscode.workspace.getConfiguration('milore').get<string>(key, '').trim();
