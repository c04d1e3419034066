/** @file Saves a chart that the webview has drawn: where, the person says. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { ToHost } from '../../sidecar/protocol/dashboard.ts';
import { complain } from '../say.ts';

type Export = Extract<ToHost, { type: 'export' }>;

const labels = { svg: 'SVG', csv: 'CSV', png: 'PNG', md: 'Markdown', tex: 'LaTeX' };

/** A name that every file system takes, and no path. */
export const safeName = (name: string) =>
  name
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._ -]+/gu, '-')
    .replace(/^[-. ]+|[-. ]+$/g, '')
    .slice(0, 100) || 'chart';

export async function saveExport({ name, format, data }: Export, workspace: string | undefined): Promise<void> {
  const file = `${safeName(name)}.${format}`;
  const folder = workspace ? vscode.Uri.file(workspace) : undefined;
  const target = await vscode.window.showSaveDialog({
    title: vscode.l10n.t('Save {0}', file),
    defaultUri: folder && vscode.Uri.joinPath(folder, file),
    filters: { [labels[format]]: [format] },
  });
  if (!target) return;
  try {
    await vscode.workspace.fs.writeFile(target, Buffer.from(data, format === 'png' ? 'base64' : 'utf8'));
    vscode.window.setStatusBarMessage(vscode.l10n.t('Saved {0}', basename(target.path)), 5000);
  } catch (error) {
    void complain(
      vscode.l10n.t('Could not save {0}: {1}. Choose another folder.', target.fsPath, (error as Error).message),
    );
  }
}
