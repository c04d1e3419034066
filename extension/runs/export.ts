/** @file A finished run taken along: in which form, into which folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { runFiles } from '../../sidecar/runs/run.ts';
import { choose } from '../choose.ts';
import { chooseFolder } from '../choose-folder.ts';
import { reveal } from '../reveal.ts';
import { inform } from '../say.ts';
import type { SidecarService } from '../sidecar/service.ts';
import { unlinked } from '../text.ts';
import { type FormChoice, formsOf } from './forms.ts';
import type { StoredRun } from './store.ts';

export async function exportRun(run: StoredRun, sidecar: SidecarService): Promise<void> {
  const chosen = await chooseForm(run);
  if (!chosen) return;
  const title = vscode.l10n.t('Folder for the export of {0}', run.name);
  const folder = await chooseFolder(title, vscode.l10n.t('Export Here'), sidecar.workspace);
  if (!folder) return;
  const out = join(folder, `${run.id}-${chosen.form}`);
  const { path, notes } = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: unlinked(vscode.l10n.t('Exporting {0}', run.name)) },
    () => sidecar.request('run/export', { run: run.id, out, as: chosen.form }),
  );
  const show = vscode.l10n.t('Reveal');
  const answer = await inform([vscode.l10n.t('The export lies in {0}.', path), ...notes].join(' '), show);
  if (answer === show) await reveal(vscode.Uri.file(path));
}

/** Of one run as it is asked for; several go in one form, each into a folder of its own beside the others. */
export async function exportSeveral(chosen: readonly StoredRun[], sidecar: SidecarService): Promise<void> {
  const runs = chosen.filter(({ state }) => state === 'done');
  if (runs.length === 0) {
    void inform(vscode.l10n.t('Only a run that is done can be exported.'));
    return;
  }
  if (runs.length === 1) return exportRun(runs[0], sidecar);
  const possible = runs.map((run) => formsOf(resolvedOf(run), vscode.l10n).filter((one) => one.possible));
  const forms = possible[0].filter(({ form }) => possible.every((all) => all.some((one) => one.form === form)));
  const form = await choose(forms, {
    title: vscode.l10n.t('Export {0} runs in which form?', runs.length),
  });
  if (!form) return;
  const title = vscode.l10n.t('Folder for the exports of {0} runs', runs.length);
  const folder = await chooseFolder(title, vscode.l10n.t('Export Here'), sidecar.workspace);
  if (!folder) return;
  await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Exporting {0} runs', runs.length),
      cancellable: true,
    },
    async (progress, token) => {
      for (const run of runs) {
        if (token.isCancellationRequested) return;
        progress.report({ message: unlinked(run.name), increment: 100 / runs.length });
        await sidecar.request('run/export', {
          run: run.id,
          out: join(folder, `${run.id}-${form.form}`),
          as: form.form,
        });
      }
    },
  );
  const show = vscode.l10n.t('Reveal');
  const answer = await inform(vscode.l10n.t('The exports lie in {0}.', folder), show);
  if (answer === show) await reveal(vscode.Uri.file(folder));
}

/** A form that is not for this run stays in the list with its reason, and is asked about again. */
export async function chooseForm(run: StoredRun): Promise<FormChoice | undefined> {
  const choices = formsOf(resolvedOf(run), vscode.l10n).map((choice) => ({
    ...choice,
    label: choice.possible ? choice.label : `$(circle-slash) ${choice.label}`,
  }));
  for (;;) {
    const chosen = await choose(choices, {
      title: unlinked(vscode.l10n.t('Export {0} in which form?', run.name)),
    });
    if (!chosen || chosen.possible) return chosen;
    void inform(chosen.detail);
  }
}

/** The sidecar reads the run anew; this is for the list alone. */
function resolvedOf(run: StoredRun): unknown {
  try {
    return JSON.parse(readFileSync(join(run.path, runFiles.resolved), 'utf8'));
  } catch {
    return undefined;
  }
}
