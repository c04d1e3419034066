/**
 * @file What the rest of the extension knows of the sidecar: typed requests, typed news, and whether it is there.
 * It must not know sockets or processes.
 */
import type * as vscode from 'vscode';
import type { Notifications, Requests } from '../../sidecar/protocol/messages.ts';

export type SidecarState =
  | { kind: 'stopped' }
  | { kind: 'starting' }
  | { kind: 'ready'; version: string; node: string }
  /** The connection or the process is gone without our asking; `tries` left or none. */
  | { kind: 'lost'; reason: string; willRetry: boolean };

export interface RequestOptions {
  cancellation?: vscode.CancellationToken;
  onProgress?(progress: { done: number; total: number; detail?: string }): void;
}

export interface Sidecar {
  readonly state: SidecarState;
  onState(listener: (state: SidecarState) => void): vscode.Disposable;
  /**
   * Starts or adopts the sidecar where none is connected, then asks it.
   * @throws Error whose message a person can act on; a cancelled request throws vscode.CancellationError
   */
  request<M extends keyof Requests>(
    method: M,
    params: Requests[M]['params'],
    options?: RequestOptions,
  ): Promise<Requests[M]['result']>;
  on<N extends keyof Notifications>(name: N, listener: (params: Notifications[N]) => void): vscode.Disposable;
}
