/** @file What an experiment will cost on this machine, measured on some real steps. */
import * as vscode from 'vscode';
import type { Estimate } from '../../sidecar/protocol/messages.ts';
import { command } from '../command.ts';
import { inform } from '../say.ts';
import type { SidecarService } from '../sidecar/service.ts';
import { duration } from '../text.ts';
import { experimentFile } from '../train.ts';

export function registerEstimate(sidecar: SidecarService): vscode.Disposable {
  return command('estimate', async (uri?: vscode.Uri | string) => {
    const file = await experimentFile(uri);
    if (!file) return;
    const result = await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: vscode.l10n.t('Measuring some steps'),
        cancellable: true,
      },
      (progress, cancellation) => {
        let last = 0;
        return sidecar.request(
          'estimate',
          { experiment: file.fsPath },
          {
            cancellation,
            onProgress({ done, total }) {
              progress.report({ increment: (100 * (done - last)) / Math.max(1, total) });
              last = done;
            },
          },
        );
      },
    );
    const train = vscode.l10n.t('Train');
    const answer = await inform(estimateText(result), train);
    if (answer === train) await vscode.commands.executeCommand('milore.train', file);
  });
}

function estimateText(estimate: Estimate): string {
  const trained = (estimate.experts + estimate.routers).toLocaleString(vscode.env.language);
  const share = (100 * estimate.shareWithoutHead).toFixed(2);
  return [
    vscode.l10n.t('{0} parameters are trained ({1} % of the base).', trained, share),
    vscode.l10n.t(
      'On {0}: {1} s a step, about {2} for all steps and measurements, {3} GB of memory. The whole time, preparing the audio included, stands above the experiment’s first line from now on.',
      estimate.device,
      estimate.stepSeconds.toPrecision(2),
      duration(estimate.totalSeconds, vscode.env.language),
      (estimate.peakBytes / 1e9).toFixed(1),
    ),
    ...(estimate.int8
      ? [
          vscode.l10n.t(
            'In 8 bits (compute: int8): {0} s a step, about {1} in all.',
            estimate.int8.stepSeconds.toPrecision(2),
            duration(estimate.int8.totalSeconds, vscode.env.language),
          ),
        ]
      : []),
  ].join(' ');
}
