/**
 * @file A run's findings for whoever shows them: what stands on the disk, and again whenever another file has taken its
 * place. It is written once a stage and renamed into place, so looking at it once a second is enough, with a sidecar or not.
 */
import { stat } from 'node:fs/promises';
import type * as vscode from 'vscode';
import { type FindingsFile, findingsPath, readFindings } from '../../sidecar/runs/findings.ts';
import type { StoredRun } from './store.ts';

const pollMs = 1000;

export class FindingsFeed implements vscode.Disposable {
  readonly #run: StoredRun;
  readonly #tell: (file: FindingsFile) => void;
  readonly #timer: NodeJS.Timeout;
  /** Of the file that was told last; empty where there was none. */
  #stamp = '';
  #busy = false;
  #disposed = false;

  /** @param tell Hears of none only where there was one before. */
  constructor(run: StoredRun, tell: (file: FindingsFile) => void) {
    this.#run = run;
    this.#tell = tell;
    this.#timer = setInterval(() => void this.#look(), pollMs);
    void this.#look();
  }

  dispose(): void {
    this.#disposed = true;
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      const stamp = await stampOf(findingsPath(this.#run));
      if (stamp === this.#stamp || this.#disposed) return;
      const file = await readFindings(this.#run);
      if (this.#disposed) return;
      this.#stamp = file.kind === 'none' ? '' : stamp;
      this.#tell(file);
    } finally {
      this.#busy = false;
    }
  }
}

/** Another file, or another content; a file that cannot even be looked at is one too, so that its fault is told. */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? '' : String(code);
  }
}
