/** @file What a run learned and forgot, written as a page, as Markdown and as LaTeX tables into a folder of a person's choice. */
import { join } from 'node:path';
import * as vscode from 'vscode';
import { chooseFolder } from '../choose-folder.ts';
import { reveal } from '../reveal.ts';
import { inform } from '../say.ts';
import type { SidecarService } from '../sidecar/service.ts';
import type { StoredRun } from './store.ts';

export async function reportRun(run: StoredRun, sidecar: SidecarService): Promise<void> {
  const title = vscode.l10n.t('Folder for the report on {0}', run.name);
  const folder = await chooseFolder(title, vscode.l10n.t('Write Here'), sidecar.workspace);
  if (!folder) return;
  const { path } = await sidecar.request('run/report', {
    run: run.id,
    out: join(folder, `${run.id}-report`),
  });
  // A page opens in a browser of the machine that one sits at; Markdown opens here, wherever the files lie.
  const preview = vscode.l10n.t('Preview');
  const show = vscode.l10n.t('Reveal');
  const answer = await inform(vscode.l10n.t('The report lies in {0}.', path), preview, show);
  if (answer === preview)
    await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.file(join(path, 'report.md')));
  if (answer === show) await reveal(vscode.Uri.file(join(path, 'report.html')));
}
