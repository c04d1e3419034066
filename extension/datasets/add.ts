/** @file Adding a dataset: choose the folder, see what is recognised, accept, and it stands in the list. */
import * as vscode from 'vscode';
import { addDataset, freeName } from '../../sidecar/config/datasets-edit.ts';
import { languageFromPath } from '../../sidecar/config/language-guess.ts';
import type { layouts } from '../../sidecar/config/schema.ts';
import { messageOf } from '../fault.ts';
import { inform } from '../say.ts';
import type { Sidecar } from '../sidecar/client.ts';
import { oneLine } from '../text.ts';
import type { Data } from './data.ts';
import { read } from './dataset-commands.ts';
import { pathFrom } from './list-file.ts';
import { type Detected, preview } from './preview.ts';

export interface Parts {
  data: Data;
  sidecar: Sidecar;
}

/**
 * @param given from the explorer or dropped; a person is asked for a folder without it
 * @param called what an experiment calls it already; proposed from the folder without it
 */
export async function addDatasetFlow({ data, sidecar }: Parts, given?: vscode.Uri, called?: string): Promise<void> {
  if (!vscode.workspace.workspaceFolders?.length) {
    void inform(vscode.l10n.t('Open a folder first: data, experiments and runs are kept in it.'));
    return;
  }
  const folder = given ?? (await chooseFolder(vscode.l10n.t('Folder of recordings')));
  if (!folder) return;
  if (!(await isFolder(folder)))
    throw new Error(
      vscode.l10n.t('{0} is no folder. Choose the one that holds the recordings.', oneLine(folder.fsPath)),
    );
  const list = data.lists.listFor(folder);
  if (!list) return;
  const before = await data.lists.read(list);
  const taken = Object.keys(before.datasets);
  const detected = await detect(sidecar, folder);
  const guess = detected.kind === 'guess' ? detected.guess : undefined;
  const language = guess?.language ?? languageFromPath(vscode.workspace.asRelativePath(folder, false));
  const draft = {
    name: freeName(called ?? lastOf(folder), taken),
    language,
    layout: guess?.layout ?? 'auto',
    tiers: undefined,
    unannotated: 'aside' as const,
  };
  const accepted = await preview(folder, draft, detected, taken);
  if (!accepted) return;
  const entry = {
    language: accepted.language,
    path: pathFrom(list, folder),
    ...(accepted.layout === 'auto' ? {} : { layout: accepted.layout as (typeof layouts)[number] }),
    ...(accepted.tiers ? { tiers: accepted.tiers } : {}),
    ...(accepted.unannotated === 'pauses' ? { unannotated: accepted.unannotated } : {}),
  };
  await data.lists.edit(list, (text) => addDataset(text, accepted.name, entry));
  // Hours, speakers and what is left out are what the tree is for.
  const added = data.datasets.find(
    ({ file, name }) => file.uri.toString() === list.toString() && name === accepted.name,
  );
  if (added && vscode.workspace.isTrusted && folder.scheme === 'file') await read({ data, sidecar }, added);
}

export async function chooseFolder(title: string): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title,
    openLabel: vscode.l10n.t('Choose'),
    canSelectFolders: true,
    canSelectFiles: false,
    defaultUri: vscode.workspace.workspaceFolders?.[0]?.uri,
  });
  return chosen?.[0];
}

/** Without trust nothing is started: a person says then what could have been recognised. */
async function detect(sidecar: Sidecar, folder: vscode.Uri): Promise<Detected> {
  if (!vscode.workspace.isTrusted) {
    return { kind: 'none', why: vscode.l10n.t('Restricted Mode: nothing was looked at.') };
  }
  if (folder.scheme !== 'file') {
    return { kind: 'none', why: vscode.l10n.t('This folder is not on this machine: nothing was looked at.') };
  }
  try {
    const guess = await vscode.window.withProgress({ location: { viewId: 'milore.data' } }, () =>
      Promise.resolve(sidecar.request('dataset/detect', { path: folder.fsPath })),
    );
    return { kind: 'guess', guess };
  } catch (error) {
    return { kind: 'none', why: messageOf(error) };
  }
}

export async function isFolder(uri: vscode.Uri): Promise<boolean> {
  try {
    return ((await vscode.workspace.fs.stat(uri)).type & vscode.FileType.Directory) !== 0;
  } catch {
    return false;
  }
}

export const lastOf = (folder: vscode.Uri): string => folder.path.split('/').filter(Boolean).pop() ?? 'data';
