/**
 * @file What a person chose to see, over a reload. VS Code keeps a webview's own state too, but writes it to disk once a
 * minute and loses the rest with a window that is reloaded; what is remembered here it writes at once.
 */
import type * as vscode from 'vscode';

const key = 'milore.dashboard.view';
/** A slider that is dragged changes the view with every frame. */
const restMs = 150;

export class DashboardMemory {
  readonly #state: vscode.Memento;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #view: string | undefined;

  constructor(state: vscode.Memento) {
    this.#state = state;
    const view = state.get<unknown>(key);
    if (typeof view === 'string') this.#view = view;
  }

  /** JSON as the webview said it; the webview looks at every part of it again. */
  get view(): string | undefined {
    return this.#view;
  }

  /** The runs that were shown. */
  get runs(): string[] {
    try {
      const { runs } = JSON.parse(this.view ?? '{}') as { runs?: unknown };
      return Array.isArray(runs) ? runs.filter((id) => typeof id === 'string') : [];
    } catch {
      return [];
    }
  }

  set(view: string): void {
    this.#view = view;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#state.update(key, view), restMs);
  }

  /** Who closes the dashboard begins anew, but for the table: how runs are listed belongs to the workspace. */
  clear(): void {
    this.#view = tableOf(this.#view);
    clearTimeout(this.#timer);
    void this.#state.update(key, this.#view);
  }
}

function tableOf(view: string | undefined): string | undefined {
  try {
    const { table } = JSON.parse(view ?? '{}') as { table?: unknown };
    return table === undefined ? undefined : JSON.stringify({ table });
  } catch {
    return undefined;
  }
}
