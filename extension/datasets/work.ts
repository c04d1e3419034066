/** @file A long request to the sidecar as a person sees it: at the view, and after some seconds with a way out. */
import * as vscode from 'vscode';
import type { Requests } from '../../sidecar/protocol/messages.ts';
import type { Sidecar } from '../sidecar/client.ts';
import { duration, unlinked } from '../text.ts';

const patienceMs = 3000;

/** What the sidecar counts is audio, and is no time that anything takes. */
function inWords(detail: string): string {
  const [, seconds] = /^(\d+) s of speech$/.exec(detail) ?? [];
  return seconds ? vscode.l10n.t('{0} of speech read', duration(Number(seconds), vscode.env.language)) : detail;
}

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
            message: detail && unlinked(inWords(detail)),
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
