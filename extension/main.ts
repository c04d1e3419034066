/**
 * @file Activate: compose, nothing else. What is large (the language client, YAML and schemas, the table of languages)
 * is loaded after the window has gone on, or when it is first used.
 */
import * as vscode from 'vscode';
import { progressWords } from '../sidecar/protocol/progress-words.ts';
import { command } from './command.ts';
import { registerDashboard } from './dashboard/register.ts';
import type { Parts } from './datasets/dataset-commands.ts';
import { JobStore } from './jobs/store.ts';
import { announce, announceEnd } from './runs/announce.ts';
import { registerCacheCommand } from './runs/cache.ts';
import { registerRunCommands } from './runs/commands.ts';
import { registerDiskUse } from './runs/disk-use.ts';
import { createStatusItem } from './runs/status-item.ts';
import { RunStore } from './runs/store.ts';
import { RunTree } from './runs/tree.ts';
import { tellWhatEnded } from './runs/while-away.ts';
import { registerSidecarCommands } from './sidecar/commands.ts';
import { SidecarService } from './sidecar/service.ts';
import { registerCuda } from './start/cuda.ts';
import { registerEstimate } from './start/estimate.ts';
import { registerSample } from './start/sample.ts';
import { registerTasks } from './start/tasks.ts';
import { registerTraining } from './train.ts';

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  /** Of the data view, which is loaded after the window has gone on. */
  const { promise: parts, resolve: tellParts } = promised<Parts>();
  const output = vscode.window.createOutputChannel('MiLorE', { log: true });
  const workspace = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri.fsPath;
  const store = new RunStore(workspace);
  const jobs = new JobStore(workspace, store);
  const sidecar = new SidecarService({
    workspace,
    script: context.asAbsolutePath('dist/milore.js'),
    output,
    secrets: context.secrets,
  });
  context.subscriptions.push(
    output,
    store,
    sidecar,
    createStatusItem(sidecar, store),
    registerSidecarCommands(sidecar, output, context.extension.packageJSON.version),
    registerTraining({ sidecar, store, jobs }),
    registerRunCommands({ sidecar, store, context, script: context.asAbsolutePath('dist/milore.js') }),
    registerCacheCommand(store),
    registerDiskUse(store, jobs),
    vscode.window.createTreeView('milore.runs', { treeDataProvider: new RunTree(store), canSelectMany: true }),
    registerDashboard({ context, store, sidecar, output }),
    announce(sidecar, store),
    sidecar.on('run/progress', (progress) => {
      if (progress.stage === 'train') return store.advance(progress.run, progress.done);
      const words = progressWords(progress, vscode.l10n.t);
      if (words) store.prepare(progress.run, words.text);
    }),
    tellWhatEnded(store, context.workspaceState, (run) => announceEnd(run, store)),
    registerSample(context),
    registerTasks(context.asAbsolutePath('dist/milore.js')),
    registerEstimate(sidecar),
    registerCuda(sidecar),
    command('newExperiment', async () => {
      const { openGuide } = await import('./start/guide/panel.ts');
      openGuide(context, await parts);
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void sidecar.adopt()),
    // Another window may have started one.
    store.onChange(() => store.runs.some(({ state }) => state === 'running') && void sidecar.adopt()),
  );
  // Not awaited: a window is not kept waiting for a process.
  void sidecar.adopt();
  await new Promise((resolve) => setImmediate(resolve));
  const { registerAssistants } = await import('./assistants.ts');
  const { version } = context.extension.packageJSON;
  context.subscriptions.push(registerAssistants(workspace, context.asAbsolutePath('dist/milore.js'), version));
  const { registerQueue } = await import('./queue/register.ts');
  context.subscriptions.push(registerQueue(sidecar));
  const { registerJobs } = await import('./jobs/register.ts');
  context.subscriptions.push(registerJobs(jobs, context.asAbsolutePath('dist/milore.js'), context.workspaceState));
  const { registerData } = await import('./datasets/register.ts');
  const data = registerData(context, sidecar);
  context.subscriptions.push(data);
  tellParts(data.parts);
  void import('./language/client.ts')
    .then(({ startLanguageClient }) => startLanguageClient(context, data.inspections))
    .then(
      (client) => context.subscriptions.push(client),
      (error: Error) => output.error(`language server: ${error.message}`),
    );
}

function promised<T>() {
  let resolve = (_: T) => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

export function deactivate(): void {
  // The sidecar goes on: a run outlives its window.
}
