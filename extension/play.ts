/** @file Opens a recording in VS Code's own player. */
import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import * as vscode from 'vscode';
import { complain } from './say.ts';
import { clock, oneLine } from './text.ts';

/** The player knows more formats than the names that it is registered for. */
export async function playUri(uri: vscode.Uri): Promise<void> {
  try {
    await vscode.commands.executeCommand('vscode.openWith', uri, 'vscode.audioPreview');
  } catch {
    await vscode.commands.executeCommand('vscode.open', uri);
  }
}

/**
 * A path that stands in a run's file, which anyone may have written. A share on the network is opened in a trusted
 * workspace alone: looking at it already tells another machine who asks.
 */
export async function playExample({ path, startSeconds }: { path: string; startSeconds?: number }): Promise<void> {
  const why = await unfit(path);
  if (why) {
    void complain(vscode.l10n.t('{0} cannot be played: {1}', oneLine(path), why));
    return;
  }
  await playUri(vscode.Uri.file(path));
  if (startSeconds)
    vscode.window.setStatusBarMessage(vscode.l10n.t('begins at {0} of its recording', clock(startSeconds)), 8000);
}

async function unfit(path: string): Promise<string | undefined> {
  if (!isAbsolute(path) || path.includes('\0')) return vscode.l10n.t('its path is not absolute.');
  if (/^[\\/]{2}/.test(path) && !vscode.workspace.isTrusted)
    return vscode.l10n.t('it lies on another machine, and this workspace is not trusted.');
  try {
    const info = await stat(path);
    return info.isFile() ? undefined : vscode.l10n.t('it is no file.');
  } catch {
    return vscode.l10n.t('it is not there any more.');
  }
}
