/** @file What a person does to a listed dataset: inspect, listen, rename, take off the list, reveal its folder. */
import * as vscode from 'vscode';
import { removeDataset, renameDataset } from '../../sidecar/config/datasets-edit.ts';
import { choose } from '../choose.ts';
import { languageName } from '../language-name.ts';
import { playUri } from '../play.ts';
import { reveal } from '../reveal.ts';
import { inform } from '../say.ts';
import type { Sidecar } from '../sidecar/client.ts';
import { clock, duration, oneLine, pickable } from '../text.ts';
import { type Data, type Dataset, readAs } from './data.ts';
import { datasetFacts } from './facts.ts';
import { stampOf } from './memory.ts';
import type { Node } from './nodes.ts';
import type { Pages } from './pages.ts';
import { askName } from './preview.ts';
import { datasetPage } from './report.ts';
import { longRequest } from './work.ts';

export interface Parts {
  data: Data;
  sidecar: Sidecar;
  pages: Pages;
}

/** The dataset of a node of the tree, or one that is chosen. */
export async function chosenDataset(data: Data, target: unknown, title: string): Promise<Dataset | undefined> {
  const node = target as Node | undefined;
  if (node?.kind === 'dataset') {
    const { list, name } = node.dataset;
    return data.datasets.find((dataset) => dataset.list === list && dataset.name === name);
  }
  const { datasets } = data;
  if (datasets.length <= 1) {
    if (datasets.length === 0) void inform(vscode.l10n.t('No dataset is listed yet.'));
    return datasets[0];
  }
  const items = datasets.map((dataset) => ({
    label: pickable(dataset.name),
    description: `${languageName(dataset.language) ?? dataset.language}`,
    detail: pickable(dataset.path),
    dataset,
  }));
  return (await choose(items, { title, matchOnDescription: true }))?.dataset;
}

export async function inspect({ data, sidecar, pages }: Parts, dataset: Dataset): Promise<void> {
  const report = await read({ data, sidecar }, dataset);
  if (report) await pages.show(dataset.name, datasetPage(dataset, report, vscode.l10n, vscode.env.language));
}

/** Asks the sidecar, shows how far it is, and remembers what it found. */
export async function read({ data, sidecar }: Pick<Parts, 'data' | 'sidecar'>, dataset: Dataset) {
  const { uri, language, layout, tiers, unannotated, name } = dataset;
  if (dataset.busy !== undefined) return undefined;
  data.setBusy(uri, 0);
  try {
    const stamp = await stampOf(uri);
    const report = await longRequest(
      sidecar,
      'dataset/inspect',
      {
        path: uri.fsPath,
        language,
        ...(layout ? { layout } : {}),
        ...(tiers ? { tiers } : {}),
        ...(unannotated ? { unannotated } : {}),
      },
      { title: vscode.l10n.t('Inspecting {0}', oneLine(name)), onShare: (share) => data.setBusy(uri, share) },
    );
    if (report) await data.memory.keepDataset(uri, readAs(dataset), datasetFacts(report, stamp));
    return report;
  } finally {
    data.setBusy(uri);
  }
}

const mostListed = 50;
const audio = '*.{wav,flac,mp3,ogg,oga,opus}';

/** Some clips, each opened in VS Code's own player. */
export async function listen({ data, sidecar }: Parts, dataset: Dataset): Promise<void> {
  const known = dataset.facts ?? (vscode.workspace.isTrusted ? await read({ data, sidecar }, dataset) : undefined);
  const items = known
    ? known.examples.map(({ path, seconds, startSeconds, speaker }) => ({
        label: `$(unmute) ${pickable(path.split(/[\\/]/).pop() ?? path)}`,
        description: [duration(seconds, vscode.env.language), speaker && pickable(speaker)].filter(Boolean).join(' · '),
        detail:
          startSeconds === undefined ? undefined : vscode.l10n.t('begins at {0} of its recording', clock(startSeconds)),
        uri: vscode.Uri.file(path),
      }))
    : await filesOf(dataset.uri);
  if (items.length === 0) {
    void inform(vscode.l10n.t('“{0}” has no clip to listen to.', oneLine(dataset.name)));
    return;
  }
  const chosen = await choose(items, {
    title: vscode.l10n.t('Listen to a clip of {0}', oneLine(dataset.name)),
    matchOnDescription: true,
  });
  if (chosen) await playUri(chosen.uri);
}

async function filesOf(folder: vscode.Uri) {
  const uris = await vscode.workspace.findFiles(new vscode.RelativePattern(folder, `**/${audio}`), null, mostListed);
  return uris.map((uri) => ({
    label: `$(unmute) ${pickable(uri.path.split('/').pop() ?? uri.path)}`,
    description: pickable(vscode.workspace.asRelativePath(uri)),
    detail: undefined,
    uri,
  }));
}

/** Through the language server, which follows the name into the experiments; in the list alone where it is not there. */
export async function rename({ data }: Parts, dataset: Dataset): Promise<void> {
  const { file, name } = dataset;
  const others = Object.keys(file.parsed.datasets).filter((other) => other !== name);
  const to = await askName(name, others);
  if (!to || to === name) return;
  const place = file.parsed.datasets[name].place;
  const edit = place && (await renameEdit(file.uri, new vscode.Position(place.line - 1, place.column - 1), to));
  if (!edit) {
    await data.lists.edit(file.uri, (text) => renameDataset(text, name, to));
    return;
  }
  const unsaved = new Set(vscode.workspace.textDocuments.filter((one) => one.isDirty).map((one) => one.uri.toString()));
  await vscode.workspace.applyEdit(edit);
  for (const [uri] of edit.entries()) {
    const document = await vscode.workspace.openTextDocument(uri);
    if (!unsaved.has(uri.toString())) await document.save();
  }
  await data.lists.refresh();
}

async function renameEdit(uri: vscode.Uri, at: vscode.Position, to: string): Promise<vscode.WorkspaceEdit | undefined> {
  try {
    await vscode.workspace.openTextDocument(uri);
    const edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit | undefined>(
      'vscode.executeDocumentRenameProvider',
      uri,
      at,
      to,
    );
    return edit && edit.size > 0 ? edit : undefined;
  } catch {
    return undefined;
  }
}

/** The entry alone: recordings are never touched. */
export const remove = ({ data }: Parts, { file, name }: Dataset): Promise<void> =>
  data.lists.edit(file.uri, (text) => removeDataset(text, name));

export const revealFolder = (_: Parts, { uri }: Dataset): Promise<void> => reveal(uri);
