/** @file The few things worth a notification: finished, failed, and a crash that needs a decision. */
import * as vscode from 'vscode';
import { sayReason } from '../../sidecar/protocol/reason.ts';
import { sayWhole } from '../../sidecar/protocol/result-words.ts';
import { readResult } from '../../sidecar/runs/result.ts';
import { complain, inform, warn } from '../say.ts';
import type { SidecarService } from '../sidecar/service.ts';
import type { RunStore, StoredRun } from './store.ts';

export function announce(sidecar: SidecarService, store: RunStore): vscode.Disposable {
  const context = (training: boolean) => vscode.commands.executeCommand('setContext', 'milore.training', training);
  return vscode.Disposable.from(
    sidecar.onState(() => void context(sidecar.active !== undefined)),
    sidecar.on('run/state', ({ run, name, state, reason }) => {
      store.refresh();
      void context(state === 'started');
      if (state === 'done') void finished(run, name, store);
      if (state === 'failed') void failed(run, name, reason ?? '');
    }),
    sidecar.onCrash(async ({ reason, run, hopeless }) => {
      store.refresh();
      void context(false);
      if (!run && !hopeless) return;
      const resume = vscode.l10n.t('Resume');
      const restart = vscode.l10n.t('Restart Sidecar');
      const showLog = vscode.l10n.t('Show Log');
      const lost = run
        ? vscode.l10n.t('“{0}” was training; nothing before its last checkpoint is lost.', run.name)
        : '';
      const enough = hopeless
        ? vscode.l10n.t('It has happened three times in five minutes, so it is not started again by itself.')
        : '';
      const answer = await complain(
        [reason, lost, enough].filter(Boolean).join(' '),
        ...(run && !hopeless ? [resume] : [restart]),
        showLog,
      );
      if (answer === resume) await vscode.commands.executeCommand('milore.resumeRun', run?.id);
      if (answer === restart) await vscode.commands.executeCommand('milore.sidecar.restart');
      if (answer === showLog) await vscode.commands.executeCommand('milore.sidecar.showLog');
    }),
  );
}

/** A run that ended while nobody looked. */
export function announceEnd(run: StoredRun, store: RunStore): void {
  const { id, name, state, step, steps } = run;
  const reason = run.reason ? sayReason(run.reason, vscode.l10n.t).text : '';
  if (state === 'done') void finished(id, name, store);
  else if (state === 'failed') void failed(id, name, reason);
  else void interrupted(id, name, step, steps, reason);
}

async function interrupted(run: string, name: string, step: number, steps: number, reason: string): Promise<void> {
  const resume = vscode.l10n.t('Resume');
  const open = vscode.l10n.t('Open Dashboard');
  const answer = await warn(
    vscode.l10n.t('“{0}” was interrupted at step {1} of {2}, while no window was open. {3}', name, step, steps, reason),
    resume,
    open,
  );
  if (answer === resume) await vscode.commands.executeCommand('milore.resumeRun', run);
  if (answer === open) await vscode.commands.executeCommand('milore.openDashboard', run);
}

/** With what was learned and lost, where it was measured. */
async function finished(run: string, name: string, store: RunStore): Promise<void> {
  if (!vscode.workspace.getConfiguration('milore').get('notifyWhenFinished', true)) return;
  const open = vscode.l10n.t('Open Dashboard');
  const save = vscode.l10n.t('Export Adapter…');
  const stored = store.find(run);
  const said = stored && (await readResult(stored, vscode.l10n.t).catch(() => undefined));
  const words = said
    ? vscode.l10n.t('“{0}” is finished. {1}', name, sayWhole(said))
    : vscode.l10n.t('“{0}” is finished.', name);
  const answer = await inform(words, open, save);
  if (answer === open) await vscode.commands.executeCommand('milore.openDashboard', run);
  if (answer === save) await vscode.commands.executeCommand('milore.run.export', run);
}

async function failed(run: string, name: string, reason: string): Promise<void> {
  const log = vscode.l10n.t('Open Its Log');
  const answer = await complain(vscode.l10n.t('“{0}” failed: {1}', name, reason), log);
  if (answer === log) await vscode.commands.executeCommand('milore.run.openLog', run);
}
