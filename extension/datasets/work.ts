/** @file A long request to the sidecar as a person sees it: at the view, and after some seconds with a way out. */
import * as vscode from 'vscode';
import type { Requests } from '../../sidecar/protocol/messages.ts';
import type { Sidecar } from '../sidecar/client.ts';
import { unlinked } from '../text.ts';
import { sayHeard } from './heard.ts';

const patienceMs = 3000;

/** Undefined where it was cancelled. `onShare` hears how much is done, 0 to 1. */
export async function longRequest<M extends 'dataset/inspect' | 'model/inspect' | 'model/download'>(
  sidecar: Sidecar,
  method: M,
  params: Requests[M]['params'],
  { title, onShare, at = 'view' }: { title: string; onShare?: (share: number) => void; at?: 'view' | 'notification' },
): Promise<Requests[M]['result'] | undefined> {
  const cancel = new vscode.CancellationTokenSource();
  let last = { done: 0, total: 0, detail: undefined as string | undefined };
  let tell: ((share: number, detail?: string) => void) | undefined;
  const work = sidecar.request(method, params, {
    cancellation: cancel.token,
    onProgress({ done, total, detail }) {
      last = { done, total, detail };
      const share = total > 0 ? Math.min(1, done / total) : 0;
      onShare?.(share);
      tell?.(share, detail);
    },
  });
  // Whoever waits below must not be the only one to hear of a fault.
  const settled = work.then(
    () => {},
    () => {},
  );
  const notify = () =>
    vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: unlinked(title), cancellable: true },
      (progress, token) => {
        token.onCancellationRequested(() => cancel.cancel());
        let before = 0;
        tell = (share, detail) => {
          progress.report({
            increment: 100 * Math.max(0, share - before),
            message: detail && unlinked(sayHeard(detail, vscode.l10n, vscode.env.language)),
          });
          before = Math.max(before, share);
        };
        if (last.total > 0) tell(last.done / last.total, last.detail);
        return settled;
      },
    );
  const timer = at === 'notification' ? undefined : setTimeout(notify, patienceMs);
  if (at === 'notification') void notify();
  else void vscode.window.withProgress({ location: { viewId: 'milore.data' } }, () => settled);
  try {
    return await work;
  } catch (error) {
    if (error instanceof vscode.CancellationError || cancel.token.isCancellationRequested) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
    cancel.dispose();
  }
}
