/** @file What a request that computes is given besides its parameters. It runs in a worker and knows no socket. */
export interface JobContext {
  /** Absolute folder; what a request reads or writes lies in it unless the person named another. */
  workspace: string;
  signal: AbortSignal;
  progress(done: number, total: number, detail?: string): void;
}
