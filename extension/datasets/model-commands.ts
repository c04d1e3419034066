/** @file What a person does with base models: add a folder, download one from the hub, inspect, take off the list. */
import * as vscode from 'vscode';
import { datasetsFileName, type ModelEntry } from '../../sidecar/config/datasets.ts';
import { addModel, freeName, removeModel } from '../../sidecar/config/datasets-edit.ts';
import { choose } from '../choose.ts';
import { complain, inform } from '../say.ts';
import { hubId, oneLine, pickable } from '../text.ts';
import { chooseFolder, lastOf } from './add.ts';
import type { Data, Model } from './data.ts';
import type { Parts } from './dataset-commands.ts';
import { modelFacts } from './facts.ts';
import { pathFrom } from './list-file.ts';
import type { Node } from './nodes.ts';
import { askName } from './preview.ts';
import { modelPage } from './report.ts';
import { longRequest } from './work.ts';

/** The model of a node of the tree, or one that is chosen. */
export async function chosenModel(data: Data, target: unknown, title: string): Promise<Model | undefined> {
  const node = target as Node | undefined;
  if (node?.kind === 'model') {
    const { list, name } = node.model;
    return data.models.find((model) => model.list === list && model.name === name);
  }
  const { models } = data;
  if (models.length <= 1) {
    if (models.length === 0) void inform(vscode.l10n.t('No base model is listed yet.'));
    return models[0];
  }
  const items = models.map((model) => ({ label: pickable(model.name), detail: pickable(model.path), model }));
  return (await choose(items, { title }))?.model;
}

/** A folder that is there already. */
export async function addModelFlow(parts: Parts, given?: vscode.Uri): Promise<void> {
  if (!hasWorkspace()) return;
  const { data } = parts;
  const folder = given ?? (await chooseFolder(vscode.l10n.t('Folder of a base model')));
  if (!folder) return;
  if (!(await isModelFolder(folder))) {
    void complain(vscode.l10n.t('{0} is no model folder: it holds no config.json.', oneLine(folder.fsPath)));
    return;
  }
  const list = data.lists.listFor(folder);
  if (!list) return;
  const taken = Object.keys((await data.lists.read(list)).models);
  const name = await askName(freeName(lastOf(folder), taken), taken);
  if (!name) return;
  await data.lists.edit(list, (text) => addModel(text, name, { path: pathFrom(list, folder) }));
  // Reading the headers is quick, and says at once whether it can be used.
  if (vscode.workspace.isTrusted && folder.scheme === 'file') await readModel(parts, name, folder);
}

export async function isModelFolder(folder: vscode.Uri): Promise<boolean> {
  try {
    const { type } = await vscode.workspace.fs.stat(vscode.Uri.joinPath(folder, 'config.json'));
    return (type & vscode.FileType.File) !== 0;
  } catch {
    return false;
  }
}

export async function downloadFlow(parts: Parts): Promise<void> {
  const folder = hasWorkspace();
  if (!folder) return;
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Download a base model (1/2)'),
    prompt: vscode.l10n.t('Its id on the Hugging Face hub; a HuBERT, mHuBERT or wav2vec 2.0 model.'),
    placeHolder: 'utter-project/mHuBERT-147',
    ignoreFocusOut: true,
    validateInput: (value) => (hubId(value) ? undefined : vscode.l10n.t('Write it as owner/name.')),
  });
  const id = text && hubId(text);
  if (!id) return;
  const revision = await vscode.window.showInputBox({
    title: vscode.l10n.t('Download a base model (2/2)'),
    prompt: vscode.l10n.t('Branch, tag or commit; the commit that it stands for is pinned.'),
    value: 'main',
    ignoreFocusOut: true,
    validateInput: (value) =>
      /^[\w-][\w./-]{0,199}$/.test(value.trim()) ? undefined : vscode.l10n.t('That is no branch, tag or commit.'),
  });
  if (!revision) return;
  await downloadBase(parts, folder, id, revision);
}

/** Fetches, lists and reads it; its name in the list. Undefined where it was cancelled. */
export async function downloadBase(
  parts: Parts,
  folder: vscode.Uri,
  id: string,
  revision: string,
): Promise<string | undefined> {
  const { data, sidecar } = parts;
  const list = vscode.Uri.joinPath(folder, datasetsFileName);
  const { models } = await data.lists.read(list);
  const again = Object.keys(models).find((name) => models[name].source === id);
  const name = again ?? freeName(id.split('/')[1].toLowerCase(), Object.keys(models));
  const into = again
    ? data.models.find((model) => model.name === again && model.list === list.toString())?.uri
    : undefined;
  const target = into ?? vscode.Uri.joinPath(folder, 'models', name);
  const result = await longRequest(
    sidecar,
    'model/download',
    { id, revision: revision.trim(), into: target.fsPath },
    { title: vscode.l10n.t('Downloading {0}', id), at: 'notification' },
  );
  if (!result) return undefined;
  const entry: ModelEntry = { path: pathFrom(list, target), source: id, revision: result.revision };
  await data.lists.edit(list, (before) => addModel(again ? removeModel(before, again) : before, name, entry));
  await readModel(parts, name, target);
  const licence = result.licence ?? vscode.l10n.t('unknown');
  void inform(
    vscode.l10n.t('{0} is in {1}, as model:{2}. Licence: {3}.', id, pathFrom(list, target), name, oneLine(licence)),
  );
  return name;
}

export async function inspectModel(parts: Parts, { name, uri }: Model): Promise<void> {
  const report = await readModel(parts, name, uri);
  if (report) await parts.pages.show(name, modelPage(name, report, vscode.l10n, vscode.env.language));
}

/** Asks the sidecar, and remembers what it found. */
export async function readModel({ data, sidecar }: Pick<Parts, 'data' | 'sidecar'>, name: string, uri: vscode.Uri) {
  data.setBusy(uri, 0);
  try {
    const title = vscode.l10n.t('Inspecting {0}', oneLine(name));
    const report = await longRequest(sidecar, 'model/inspect', { path: uri.fsPath }, { title });
    if (report) await data.memory.keepModel(uri, modelFacts(report));
    return report;
  } finally {
    data.setBusy(uri);
  }
}

/** The entry alone: the folder stays. */
export const remove = ({ data }: Parts, { file, name }: Model): Promise<void> =>
  data.lists.edit(file.uri, (text) => removeModel(text, name));

function hasWorkspace(): vscode.Uri | undefined {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (folder) return folder;
  void inform(vscode.l10n.t('Open a folder first: data, experiments and runs are kept in it.'));
  return undefined;
}
