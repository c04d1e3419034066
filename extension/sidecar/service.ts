/**
 * @file The workspace's sidecar as the rest of the extension sees it: adopted where one runs, launched where one is
 * needed, reconnected when the line is cut, and honest when it is gone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import { CancellationTokenSource, ConnectionError, ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import { readEndpoint } from '../../sidecar/endpoint.ts';
import type { LogName } from '../../sidecar/protocol/log.ts';
import { CloseCodes, type Notifications, type Requests } from '../../sidecar/protocol/messages.ts';
import { VERSION } from '../../sidecar/version.ts';
import { Fault } from '../fault.ts';
import { inform } from '../say.ts';
import type { RequestOptions, Sidecar, SidecarState } from './client.ts';
import { CrashCount } from './crashes.ts';
import { type Following, Followings } from './followings.ts';
import { tailOfLog } from './launch.ts';
import { gone, type Means, reach, setting } from './reach.ts';
import type { Link } from './socket.ts';

/** After a cut: how long to wait before each new try. */
const retryMs = [0, 50, 200, 500, 1000, 2000];

export interface Crash {
  reason: string;
  /** The run that was training, as far as we know. */
  run?: { id: string; name: string };
  hopeless: boolean;
}

export class SidecarService implements Sidecar, vscode.Disposable {
  readonly workspace: string | undefined;
  readonly #means: Means;
  readonly #output: vscode.LogOutputChannel;
  readonly #stateEvent = new vscode.EventEmitter<SidecarState>();
  readonly #crashEvent = new vscode.EventEmitter<Crash>();
  readonly #listeners = new Map<keyof Notifications, Set<(params: never) => void>>();
  readonly #followings = new Followings((method, params) => {
    const asked: Promise<unknown> | undefined = this.#link?.connection.sendRequest(method, params);
    asked?.catch((error: Error) => this.#output.warn(`${method} ${params.run}: ${error.message}`));
  });
  readonly #crashes = new CrashCount();
  #state: SidecarState = { kind: 'stopped' };
  #link: Link | undefined;
  #connecting: { link: Promise<Link>; launches: boolean } | undefined;
  #active: { id: string; name: string } | undefined;
  #disposed = false;

  readonly onCrash = this.#crashEvent.event;

  constructor(options: Means & { workspace: string | undefined; output: vscode.LogOutputChannel }) {
    this.workspace = options.workspace;
    this.#means = options;
    this.#output = options.output;
    this.on('run/state', ({ run, name, state }) => {
      this.#active = state === 'started' ? { id: run, name } : undefined;
    });
  }

  get state(): SidecarState {
    return this.#state;
  }

  /** The run that trains now, as far as this window has heard. */
  get active(): { id: string; name: string } | undefined {
    return this.#active;
  }

  onState(listener: (state: SidecarState) => void): vscode.Disposable {
    return this.#stateEvent.event(listener);
  }

  on<N extends keyof Notifications>(name: N, listener: (params: Notifications[N]) => void): vscode.Disposable {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all);
    all.add(listener as (params: never) => void);
    return new vscode.Disposable(() => all.delete(listener as (params: never) => void));
  }

  /** Connects where a sidecar already serves the workspace; starts none. */
  async adopt(): Promise<boolean> {
    if (!vscode.workspace.isTrusted || !this.workspace || this.#link) return this.#link !== undefined;
    const found = setting('sidecar.address') !== '' || readEndpoint(this.workspace) !== undefined;
    if (!found) return false;
    return this.#ensure(false).then(
      () => true,
      (error: Error) => {
        this.#output.info(`adopt: ${error.message}`);
        return false;
      },
    );
  }

  async request<M extends keyof Requests>(
    method: M,
    params: Requests[M]['params'],
    { cancellation, onProgress }: RequestOptions = {},
  ): Promise<Requests[M]['result']> {
    const { connection } = await this.#ensure(true);
    const source = new CancellationTokenSource();
    const stop = cancellation?.onCancellationRequested(() => source.cancel());
    const token = onProgress ? `${Date.now()}-${Math.random()}` : undefined;
    const progress = token && this.on('work/progress', (news) => news.token === token && onProgress?.(news));
    try {
      const sent = token ? { ...params, token } : params;
      return (await connection.sendRequest(method, sent, source.token)) as Requests[M]['result'];
    } catch (error) {
      if (cancellation?.isCancellationRequested) throw new vscode.CancellationError();
      this.#output.warn(`${method}: ${(error as Error).message}`);
      throw wasCut(error)
        ? new Error(vscode.l10n.t('The sidecar ended before it answered. Try again; its log may say why.'))
        : error;
    } finally {
      stop?.dispose();
      if (progress) progress.dispose();
    }
  }

  /** Events of a run's log from `fromSeq` on, through every cut of the line; nothing while there is no sidecar. */
  follow(
    run: string,
    log: LogName,
    fromSeq: number,
    onEvents: Following['onEvents'],
  ): vscode.Disposable & { next: number } {
    return this.#followings.add({ run, log, next: fromSeq, onEvents });
  }

  async stop(force: boolean): Promise<void> {
    await this.#link?.connection.sendRequest('shutdown', { force });
  }

  /** A person asks for it: crashes of before are forgiven. */
  async restart(): Promise<void> {
    this.#crashes.forgive();
    const link = this.#link;
    if (link) {
      const old = this.workspace && readEndpoint(this.workspace);
      await this.stop(true);
      await link.closed;
      if (old) await gone(old);
    }
    await this.#ensure(true);
  }

  dispose(): void {
    this.#disposed = true;
    this.#link?.close();
    this.#stateEvent.dispose();
    this.#crashEvent.dispose();
  }

  #set(state: SidecarState): void {
    this.#state = state;
    if (!this.#disposed) this.#stateEvent.fire(state);
  }

  /** One attempt at a time. Whoever may launch does not share the fate of an attempt that may only adopt. */
  async #ensure(mayLaunch: boolean): Promise<Link> {
    while (this.#connecting) {
      const { link, launches } = this.#connecting;
      if (launches || !mayLaunch) return link;
      await link.catch(() => {});
    }
    if (this.#link) return this.#link;
    const link = this.#open(mayLaunch).finally(() => {
      this.#connecting = undefined;
    });
    this.#connecting = { link, launches: mayLaunch };
    return link;
  }

  async #open(mayLaunch: boolean): Promise<Link> {
    if (!vscode.workspace.isTrusted)
      throw new Fault(vscode.l10n.t('This workspace is not trusted, so no process is started. Trust it to train.'), {
        title: vscode.l10n.t('Manage Trust'),
        command: 'workbench.trust.manage',
      });
    const { workspace } = this;
    if (!workspace)
      throw new Fault(vscode.l10n.t('Open a folder first: data, experiments and runs are kept in it.'), {
        title: vscode.l10n.t('Open Folder'),
        command: 'vscode.openFolder',
      });
    if (mayLaunch && this.#crashes.isHopeless())
      throw new Fault(
        vscode.l10n.t(
          'The sidecar ended three times in five minutes. Look at its log; "MiLorE: Restart Sidecar" tries again.',
        ),
        { title: vscode.l10n.t('Show Log'), command: 'milore.sidecar.showLog' },
      );
    this.#set({ kind: 'starting' });
    try {
      const link = await reach(workspace, this.#means, mayLaunch);
      this.#welcome(link);
      return link;
    } catch (error) {
      this.#set({ kind: 'stopped' });
      throw error;
    }
  }

  #welcome(link: Link): void {
    const { connection, welcome } = link;
    this.#link = link;
    this.#output.info(`sidecar ${welcome.version}, process ${welcome.pid}, Node ${welcome.node}`);
    const isOther = welcome.version !== VERSION && setting('sidecar.address') === '';
    if (isOther) this.#tellVersion(welcome.version);
    connection.onNotification((name, params) => {
      this.#hear(name as keyof Notifications, params);
      // Those up to 0.3.0 do not end by themselves.
      const isOver = name === 'run/state' && (params as Notifications['run/state']).state !== 'started';
      if (isOther && isOver && !welcome.stepsDown) connection.sendRequest('shutdown', { force: false }).catch(() => {});
    });
    void link.closed.then((code) => this.#lost(link, code));
    void connection
      .sendRequest<Requests['status']['result']>('status', {})
      .then(({ active }) => {
        if (active) this.#hear('run/state', { run: active.run, name: active.name, state: 'started' });
        else this.#active = undefined;
        if (this.#link === link) this.#set(this.#state);
      })
      .catch(() => {});
    this.#followings.resume();
    this.#set({ kind: 'ready', version: welcome.version, node: welcome.node });
  }

  /** After an update: what trains goes on with the version that it began with. */
  #tellVersion(version: string): void {
    const text = vscode.l10n.t(
      'The sidecar is still that of MiLorE {0}, since a run is at work. It goes on, the sidecar then ends, and the next one is of version {1}.',
      version,
      VERSION,
    );
    this.#output.info(text);
    void inform(text);
  }

  #hear(name: keyof Notifications, params: unknown): void {
    if (name === 'run/events') this.#followings.deliver(params as Notifications['run/events']);
    for (const listener of this.#listeners.get(name) ?? []) listener(params as never);
  }

  async #lost(link: Link, code: number): Promise<void> {
    if (this.#link !== link) return;
    this.#link = undefined;
    link.connection.dispose();
    if (this.#disposed) return;
    if (code === CloseCodes.goingAway) {
      this.#active = undefined;
      this.#set({ kind: 'stopped' });
      return;
    }
    this.#output.warn(`the connection to the sidecar was cut (code ${code})`);
    this.#set({ kind: 'lost', reason: vscode.l10n.t('The connection was cut.'), willRetry: true });
    const foreign = setting('sidecar.address') !== '';
    for (let tries = 0; ; tries++) {
      await sleep(retryMs[Math.min(tries, retryMs.length - 1)]);
      if (this.#disposed || this.#link) return;
      // A process that is there is worth another try, however often the line is cut; one that is gone is not.
      if (foreign ? tries > retryMs.length : !readEndpoint(this.workspace ?? '')) break;
      const back = await this.#ensure(false).then(
        () => true,
        () => false,
      );
      if (back) return;
      this.#set({ kind: 'lost', reason: vscode.l10n.t('The connection was cut.'), willRetry: true });
    }
    this.#crashed();
  }

  #crashed(): void {
    this.#crashes.add();
    const words = tailOfLog(this.workspace!, 3);
    const reason = vscode.l10n.t('The sidecar ended without a word: killed, or out of memory.');
    this.#output.error(`${reason} Its log ends with:\n${words}`);
    const run = this.#active;
    this.#active = undefined;
    this.#set({ kind: 'lost', reason, willRetry: false });
    this.#crashEvent.fire({ reason, run, hopeless: this.#crashes.isHopeless() });
  }
}

/** What was asked went down with the line. */
const wasCut = (error: unknown): boolean =>
  error instanceof ConnectionError ||
  (error instanceof ResponseError && error.code === ErrorCodes.PendingResponseRejected);
