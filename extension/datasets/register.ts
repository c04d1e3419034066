/** @file The view of data and its commands, composed. */
import * as vscode from 'vscode';
import { command } from '../command.ts';
import { sayFault } from '../fault.ts';
import type { Inspections } from '../language/client.ts';
import { speak } from '../language-name.ts';
import type { Sidecar } from '../sidecar/client.ts';
import { addDatasetFlow, askDataset, detect } from './add.ts';
import { askThenRead } from './ask-then-read.ts';
import { Data, type Dataset, type Model } from './data.ts';
import * as datasets from './dataset-commands.ts';
import { Lists } from './lists.ts';
import { Memory } from './memory.ts';
import * as models from './model-commands.ts';
import { Pages } from './pages.ts';
import { DataTree, DropFolders } from './tree.ts';

export function registerData(
  context: vscode.ExtensionContext,
  sidecar: Sidecar,
): vscode.Disposable & { inspections: Inspections; parts: datasets.Parts } {
  speak(vscode.l10n.bundle && vscode.env.language);
  const lists = new Lists();
  const memory = new Memory(context.workspaceState);
  const data = new Data(lists, memory);
  const pages = new Pages(context.workspaceState);
  const parts = { data, sidecar, pages };

  const dataset = (id: string, title: string, act: (parts: datasets.Parts, chosen: Dataset) => Promise<void>) =>
    command(`dataset.${id}`, async (target?: unknown) => {
      const chosen = await datasets.chosenDataset(data, target, title);
      if (chosen) await act(parts, chosen);
    });
  const model = (id: string, title: string, act: (parts: datasets.Parts, chosen: Model) => Promise<void>) =>
    command(`model.${id}`, async (target?: unknown) => {
      const chosen = await models.chosenModel(data, target, title);
      if (chosen) await act(parts, chosen);
    });
  const take = (folders: readonly vscode.Uri[]) =>
    askThenRead(folders, {
      // Looked at while the first is asked about: the next question is there when it is answered.
      look: (folder) => detect(sidecar, folder),
      async ask(folder, looked) {
        if (!(await models.isModelFolder(folder))) return askDataset(parts, { given: folder, looked });
        await models.addModelFlow(parts, folder);
      },
      onFault: (error) => void sayFault(error),
    });
  const tree = new DataTree(data);
  let has = false;
  /** What the walkthrough's first step waits for. */
  const tellWhetherAny = () => {
    if (data.datasets.length > 0 === has) return;
    has = !has;
    void vscode.commands.executeCommand('setContext', 'milore.hasDatasets', has);
  };
  const inspections: Inspections = { inspected: () => memory.inspected(), onChange: memory.onChange };
  const all = vscode.Disposable.from(
    lists,
    memory,
    data,
    pages,
    tree,
    data.onChange(tellWhetherAny),
    vscode.window.createTreeView('milore.data', {
      treeDataProvider: tree,
      dragAndDropController: new DropFolders(take),
      showCollapseAll: true,
    }),
    command('dataset.add', (target?: unknown) =>
      addDatasetFlow(
        parts,
        target instanceof vscode.Uri ? target : undefined,
        typeof target === 'string' ? target : undefined,
      ),
    ),
    dataset('inspect', vscode.l10n.t('Inspect which dataset?'), datasets.inspect),
    dataset('listen', vscode.l10n.t('Listen to which dataset?'), datasets.listen),
    dataset('rename', vscode.l10n.t('Rename which dataset?'), datasets.rename),
    dataset('remove', vscode.l10n.t('Remove which dataset from the list?'), datasets.remove),
    dataset('reveal', vscode.l10n.t('Reveal the folder of which dataset?'), datasets.revealFolder),
    command('datasets.refresh', () => lists.refresh()),
    command('model.add', () => models.addModelFlow(parts)),
    command('model.download', () => models.downloadFlow(parts)),
    model('inspect', vscode.l10n.t('Inspect which base model?'), models.inspectModel),
    model('remove', vscode.l10n.t('Remove which base model from the list?'), models.remove),
  );
  return { inspections, parts, dispose: () => void all.dispose() };
}
