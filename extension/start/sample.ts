/** @file Where a newcomer begins: the walkthrough, and the sample as a workspace of its own: a copy, so that what is trained in it is the person's. */
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { choose } from '../choose.ts';
import { command } from '../command.ts';
import { complain } from '../say.ts';

const experiment = 'add-two-languages.milore.yaml';
/** Remembered across the change of window: which folder to greet in. */
const greetKey = 'milore.greetIn';

export function registerSample(context: vscode.ExtensionContext): vscode.Disposable {
  void greet(context);
  return vscode.Disposable.from(
    command('openSample', () => openSample(context)),
    command('openWalkthrough', () =>
      vscode.commands.executeCommand('workbench.action.openWalkthrough', `${context.extension.id}#start`, false),
    ),
  );
}

async function openSample(context: vscode.ExtensionContext): Promise<void> {
  const folder = await chooseFolder();
  if (!folder) return;
  try {
    if (!existsSync(join(folder, experiment))) {
      await mkdir(folder, { recursive: true });
      await cp(context.asAbsolutePath('extension/sample'), folder, {
        recursive: true,
        force: false,
        filter: (from) => !from.includes('.milore/') && !from.endsWith('.milore'),
      });
    }
  } catch (error) {
    void complain(
      vscode.l10n.t(
        'Could not copy the sample into {0}: {1}. Choose another folder.',
        folder,
        (error as Error).message,
      ),
    );
    return;
  }
  await context.globalState.update(greetKey, folder);
  const here = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath === folder;
  if (here) await greet(context);
  else await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(folder), { forceReuseWindow: true });
}

async function chooseFolder(): Promise<string | undefined> {
  const usual = join(homedir(), 'milore-sample');
  const elsewhere = vscode.l10n.t('Choose a folder…');
  const chosen = await choose(
    [
      {
        label: usual,
        description: existsSync(usual) ? vscode.l10n.t('open it again') : vscode.l10n.t('copy it there'),
      },
      { label: elsewhere },
    ],
    { title: vscode.l10n.t('Where shall the sample lie? It takes 10 MB.') },
  );
  if (chosen?.label !== elsewhere) return chosen?.label;
  const picked = await vscode.window.showOpenDialog({
    canSelectFolders: true,
    canSelectFiles: false,
    title: vscode.l10n.t('An empty folder for the sample'),
  });
  if (!picked) return undefined;
  const folder = picked[0].fsPath;
  const names = await readdir(folder);
  return names.length === 0 || names.includes(experiment) ? folder : join(folder, 'milore-sample');
}

/** In the sample's own window: its experiment is open, and our view is there. */
async function greet(context: vscode.ExtensionContext): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (!folder || context.globalState.get(greetKey) !== folder.fsPath) return;
  await context.globalState.update(greetKey, undefined);
  await vscode.commands.executeCommand('workbench.view.extension.milore');
  await vscode.window.showTextDocument(vscode.Uri.joinPath(folder, experiment));
}
