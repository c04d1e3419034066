/** @file What views may ask of the page they stand on. */
import type { DashboardCommand, SeveralCommand } from '../../sidecar/protocol/dashboard.ts';
import type { LineHost } from '../charts/line.ts';
import type { Context } from '../context.ts';
import type { Action } from '../state.ts';

export interface Page extends LineHost {
  act(action: Action): void;
  command(command: DashboardCommand, run: string): void;
  several(command: SeveralCommand, runs: string[]): void;
  /** The table is looked at: its rows are to be told, and what runs take on the disk where that is looked at too. */
  openTable(sizes: boolean): void;
  copy(text: string): void;
  play(path: string, startSeconds: number | undefined): void;
}

export interface Part {
  element: HTMLElement;
  update(context: Context): void;
}
