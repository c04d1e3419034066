/** @file What ended while no window was open: told once, at the next opening. A run that ends in sight is not told here. */
import type * as vscode from 'vscode';
import type { RunStore, StoredRun } from './store.ts';

const key = 'milore.running';

/**
 * @param memory what this workspace remembers from one window to the next
 * @param tell called for each run that was running when a window last looked, and no longer is
 */
export function tellWhatEnded(
  store: Pick<RunStore, 'runs' | 'onChange'>,
  memory: vscode.Memento,
  tell: (run: StoredRun) => void,
): vscode.Disposable {
  let known = memory.get<string[]>(key, []);
  for (const run of store.runs) if (run.state !== 'running' && known.includes(run.id)) tell(run);
  const remember = () => {
    const running = store.runs.filter(({ state }) => state === 'running').map(({ id }) => id);
    if (running.join() === known.join()) return;
    known = running;
    void memory.update(key, running);
  };
  remember();
  return store.onChange(remember);
}
