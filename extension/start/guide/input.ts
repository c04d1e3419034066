/** @file What the guide starts from: the lists, what inspections found, configurations of bases, this machine's pace. */
import { availableParallelism } from 'node:os';
import * as vscode from 'vscode';
import { configOf } from '../../../sidecar/architecture/huggingface.ts';
import type { GuideInput } from '../../../sidecar/config/guide/plan.ts';
import { PACE_FILE, parsePaces } from '../../../sidecar/config/pace.ts';
import { machineName } from '../../../sidecar/machine.ts';
import type { Data, Dataset, Model } from '../../datasets/data.ts';

/** Those whose list is that of the folder: an experiment of another folder has other names. */
export const inFolder = <T extends { file: { uri: vscode.Uri } }>(all: readonly T[], folder: vscode.Uri): T[] =>
  all.filter(({ file }) => vscode.Uri.joinPath(file.uri, '..').path === folder.path);

export async function gather(data: Data, folder: vscode.Uri | undefined): Promise<Omit<GuideInput, 'busy'>> {
  const machine = machineName();
  const open = folder !== undefined;
  const common = { open, trusted: vscode.workspace.isTrusted, threads: availableParallelism() };
  if (!folder) return { ...common, datasets: [], models: [], taken: [], paces: { machine, entries: [] } };
  const [models, taken, pace] = await Promise.all([
    Promise.all(inFolder(data.models, folder).map(modelOf)),
    experimentsIn(folder),
    textOf(vscode.Uri.joinPath(folder, '.milore', PACE_FILE)),
  ]);
  return {
    ...common,
    datasets: inFolder(data.datasets, folder).map(datasetOf),
    models,
    taken,
    paces: parsePaces(pace ?? '', machine),
  };
}

/** Whether an inspection has counted what is needed; an older version's has not. */
export const isRead = ({ facts }: Dataset): boolean => facts?.short !== undefined;

function datasetOf({ name, language, facts, busy }: Dataset): GuideInput['datasets'][number] {
  const counted = facts?.short && {
    seconds: facts.seconds,
    clips: facts.clips,
    speakers: facts.speakers,
    short: facts.short,
  };
  return { name, language, ...(counted ? { counted } : {}), ...(busy === undefined ? {} : { busy }) };
}

async function modelOf({ name, uri, facts, source }: Model): Promise<GuideInput['models'][number]> {
  const text = await textOf(vscode.Uri.joinPath(uri, 'config.json'));
  const shape = text === undefined ? undefined : shapeIn(text);
  return { name, ...(shape ? { shape } : {}), ...(facts ? { facts } : {}), ...(source ? { source } : {}) };
}

function shapeIn(text: string) {
  try {
    return configOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function textOf(uri: vscode.Uri): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch {
    return undefined;
  }
}

async function experimentsIn(folder: vscode.Uri): Promise<string[]> {
  const entries = await Promise.resolve(vscode.workspace.fs.readDirectory(folder)).catch(() => []);
  return entries.flatMap(([name]) => /^(.*)\.milore\.ya?ml$/.exec(name)?.[1] ?? []);
}
