/** @file The built program as a process of its own, with or without a fault; commands of the terminal and jobs of the
 * service alike. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { resolve } from 'node:path';

/** A build that stays as it is, where a long list of trials must not see the next one. */
const dist = (name: string) => resolve(process.env.MILORE_FAULTS_PROGRAM ?? 'dist', name);
const shim = resolve('test/crash/faults/shim.cjs');

/** `kill` before the operation, `torn` amid a write, or an error of the disk from there on. */
export const hows = ['kill', 'torn', 'ENOSPC', 'EROFS', 'EACCES', 'EMFILE', 'EIO'] as const;
export type How = (typeof hows)[number];

export interface Fault {
  /** Operations below these folders count. */
  root: string | readonly string[];
  /** The operation that it begins at, from 1; without it nothing fails. */
  at?: number;
  how?: How;
  /** Of the operations those alone whose path below `root` matches this pattern. */
  only?: string;
  /** A file that takes a line of JSON for each operation: its name, the path below its folder, the call site. */
  record?: string;
  /** A folder that takes what the first folder is before each operation, and amid each write, once for each content. */
  states?: string;
}

export interface Ended {
  ended: 'done' | 'refused' | 'killed';
  /** Everything that was said. */
  text: string;
}

const environment = (fault?: Fault) => ({
  ...process.env,
  MILORE_THREADS: '1',
  ...(fault ? { MILORE_FAULT: JSON.stringify(fault) } : {}),
});
const required = (fault?: Fault) => (fault ? ['--require', shim] : []);

function listen(child: ChildProcess): Promise<Ended> {
  let text = '';
  child.stdout?.on('data', (chunk) => (text += chunk));
  child.stderr?.on('data', (chunk) => (text += chunk));
  return new Promise((done) =>
    child.on('close', (code, signal) =>
      done({
        ended: code === 0 ? 'done' : signal === 'SIGKILL' ? 'killed' : 'refused',
        text: `${text}${signal ?? ''}`,
      }),
    ),
  );
}

/** A command of the terminal; as another user where `uid` is given, since nothing is forbidden to root. */
export const command = (args: readonly string[], fault?: Fault, uid?: number): Promise<Ended> =>
  listen(
    spawn(process.execPath, [...required(fault), dist('milore.js'), ...args], {
      env: environment(fault),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    }),
  );

/** A job of the service, in the process that the service gives it. */
export async function job(name: string, params: unknown, workspace: string, fault?: Fault): Promise<Ended> {
  const child = fork(dist('worker.js'), [], {
    execArgv: required(fault),
    env: environment(fault),
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let said: { type: string; message?: string; result?: { state?: string; reason?: string } } | undefined;
  child.on('message', (message: NonNullable<typeof said>) => {
    if (message.type === 'result' || message.type === 'error') said = message;
  });
  child.send({ type: 'job', data: { job: name, params, workspace } });
  const { ended, text } = await listen(child);
  if (ended === 'killed') return { ended, text };
  const failed = said?.type !== 'result' || said.result?.state === 'failed';
  return { ended: failed ? 'refused' : 'done', text: `${said?.message ?? said?.result?.reason ?? ''}\n${text}` };
}
