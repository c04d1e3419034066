/** @file Fetches what onnxruntime needs for an NVIDIA card, and says what that needs of the machine. */
import * as vscode from 'vscode';
import type { CudaSupport } from '../../sidecar/protocol/hub-messages.ts';
import { command } from '../command.ts';
import { inform } from '../say.ts';
import type { SidecarService } from '../sidecar/service.ts';

export function registerCuda(sidecar: SidecarService): vscode.Disposable {
  return command('fetchCuda', async () => {
    const support = await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: vscode.l10n.t('Fetching CUDA support'),
        cancellable: true,
      },
      (progress, cancellation) => {
        let share = 0;
        return sidecar.request(
          'cuda/fetch',
          {},
          {
            cancellation,
            onProgress({ done, total, detail }) {
              const now = (100 * done) / Math.max(1, total);
              progress.report({ increment: Math.max(0, now - share), message: `${detail ?? ''} ${Math.floor(now)} %` });
              share = now;
            },
          },
        );
      },
    );
    const restart = vscode.l10n.t('Restart Sidecar');
    const devices = vscode.l10n.t('Show Devices');
    const answer = await inform(inWords(support), restart, devices);
    if (answer === restart) await vscode.commands.executeCommand('milore.sidecar.restart');
    if (answer === devices) await vscode.commands.executeCommand('milore.devices');
  });
}

function inWords({ folder, libraries }: CudaSupport): string {
  const missing = libraries.filter(({ path }) => path === undefined);
  const needs = vscode.l10n.t('CUDA support lies in {0}. It needs CUDA 12, cuDNN 9 and an NVIDIA driver.', folder);
  const found =
    missing.length === 0
      ? vscode.l10n.t('All of that was found. A sidecar that is running takes it up when it is restarted.')
      : vscode.l10n.t(
          'Not found: {0}. Where they lie elsewhere, name the folder in LD_LIBRARY_PATH.',
          missing.map(({ name }) => name).join(', '),
        );
  return `${needs} ${found}`;
}
