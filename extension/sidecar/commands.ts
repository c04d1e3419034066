/** @file Commands about the sidecar itself: its menu, its log, its end, its devices. */
import * as vscode from 'vscode';
import { logFile } from '../../sidecar/endpoint.ts';
import { choose } from '../choose.ts';
import { command } from '../command.ts';
import { agreed, inform } from '../say.ts';
import { usableFirst } from '../text.ts';
import type { SidecarService } from './service.ts';

export function registerSidecarCommands(
  sidecar: SidecarService,
  output: vscode.LogOutputChannel,
  version: string,
): vscode.Disposable {
  const on = (id: string, run: () => unknown) => command(`sidecar.${id}`, run);
  return vscode.Disposable.from(
    on('showLog', () => showLog(sidecar, output)),
    on('restart', async () => {
      if (sidecar.active && !(await agree(vscode.l10n.t('Restart'), sidecar.active.name))) return;
      await sidecar.restart();
    }),
    on('stop', async () => {
      if (sidecar.state.kind !== 'ready') return inform(vscode.l10n.t('No sidecar is running.'));
      if (sidecar.active && !(await agree(vscode.l10n.t('Stop'), sidecar.active.name))) return;
      await sidecar.stop(true);
    }),
    on('menu', () => menu(sidecar, version)),
    command('devices', () => showDevices(sidecar)),
  );
}

async function menu(sidecar: SidecarService, version: string): Promise<void> {
  const { state } = sidecar;
  const running = state.kind === 'ready';
  const theirs = running
    ? vscode.l10n.t('Sidecar {0} on Node {1}', state.version, state.node)
    : vscode.l10n.t('No sidecar is running');
  const items = [
    { label: `$(graph-line) ${vscode.l10n.t('Open Dashboard')}`, command: 'milore.openDashboard' },
    { label: `$(output) ${vscode.l10n.t('Show Log')}`, command: 'milore.sidecar.showLog' },
    { label: `$(circuit-board) ${vscode.l10n.t('Show Devices')}`, command: 'milore.devices' },
    {
      label: `$(debug-restart) ${running ? vscode.l10n.t('Restart') : vscode.l10n.t('Start')}`,
      command: 'milore.sidecar.restart',
    },
    ...(sidecar.active ? [{ label: `$(debug-stop) ${vscode.l10n.t('Stop Run')}`, command: 'milore.stopRun' }] : []),
    ...(running ? [{ label: `$(debug-stop) ${vscode.l10n.t('Stop Sidecar')}`, command: 'milore.sidecar.stop' }] : []),
  ];
  const chosen = await choose(items, {
    title: 'MiLorE',
    placeHolder: vscode.l10n.t('Extension {0} · {1}', version, theirs),
  });
  if (chosen) await vscode.commands.executeCommand(chosen.command);
}

/** The sidecar's own log where it has one; ours otherwise. */
async function showLog(sidecar: SidecarService, output: vscode.LogOutputChannel): Promise<void> {
  output.show(true);
  if (!sidecar.workspace) return;
  try {
    await vscode.window.showTextDocument(vscode.Uri.file(logFile(sidecar.workspace)), { preview: true });
  } catch {
    // It has never been started here.
  }
}

async function showDevices(sidecar: SidecarService): Promise<void> {
  const { devices } = await vscode.window.withProgress(
    { location: { viewId: 'milore.runs' }, title: vscode.l10n.t('Trying devices') },
    () => sidecar.request('devices', {}),
  );
  await choose(
    usableFirst(devices).map(({ device, usable, reason }) => ({
      label: `${usable ? '$(pass)' : '$(circle-slash)'} ${device}`,
      description: usable ? vscode.l10n.t('usable') : vscode.l10n.t('not here'),
      detail: reason,
    })),
    { title: vscode.l10n.t('Devices of this machine'), matchOnDetail: true },
  );
}

async function agree(what: string, run: string): Promise<boolean> {
  return agreed(vscode.l10n.t('“{0}” is training. It writes a checkpoint first and can be resumed.', run), what);
}
