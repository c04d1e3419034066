/** @file A new run that begins with the parameters of a checkpoint, with settings changed where the person says so. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { parseExperiment } from '../../sidecar/config/parse.ts';
import { checkpointSteps } from '../../sidecar/runs/checkpoints.ts';
import { runFiles } from '../../sidecar/runs/run.ts';
import { choose } from '../choose.ts';
import { sentence } from '../fault.ts';
import { inform } from '../say.ts';
import type { SidecarService } from '../sidecar/service.ts';
import { unlinked } from '../text.ts';
import type { RunStore, StoredRun } from './store.ts';

export async function forkRun(run: StoredRun, sidecar: SidecarService, store: RunStore): Promise<void> {
  const steps = checkpointSteps(run);
  if (steps.length === 0) {
    void inform(vscode.l10n.t('“{0}” has no checkpoint to fork from yet.', run.name));
    return;
  }
  const chosen = await choose(
    steps.reverse().map((step) => ({ label: vscode.l10n.t('Step {0}', step), step })),
    { title: vscode.l10n.t('Fork {0} from which checkpoint?', run.name) },
  );
  if (!chosen) return;
  const settings = readFileSync(join(run.path, runFiles.resolved), 'utf8');
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Settings to change'),
    prompt: vscode.l10n.t(
      'Separated by semicolons; empty changes nothing. Base, experts, ranks and units stay as they are.',
    ),
    placeHolder: 'training.steps=500; training.learningRate=1e-3; replay.fraction=0.25',
    ignoreFocusOut: true,
    validateInput: (value) => {
      const { problems } = parseExperiment(settings, runFiles.resolved, overridesOf(value));
      return problems[0] && unlinked(`${sentence(problems[0].why)} ${problems[0].cure}`);
    },
  });
  if (text === undefined) return;
  const { run: id } = await sidecar.request('run/start', {
    like: run.id,
    overrides: overridesOf(text),
    from: { run: run.id, step: chosen.step },
  });
  store.refresh();
  await vscode.commands.executeCommand('milore.openDashboard', [id, run.id]);
}

/** `a=1; b=2` as `--set` takes them. */
export const overridesOf = (text: string): string[] =>
  text
    .split(';')
    .map((part) => part.trim())
    .filter(Boolean);
