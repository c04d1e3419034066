/**
 * @file Who follows which log of a run, and how far: through every cut of the line each follower gets each event once.
 * It must not know VS Code or sockets.
 */
import type { LogName, LogRecord, UtilisationRecord } from '../../sidecar/protocol/log.ts';
import type { Notifications, Requests } from '../../sidecar/protocol/messages.ts';

export interface Following {
  run: string;
  log: LogName;
  /** The sequence number that comes next. */
  next: number;
  onEvents(events: (LogRecord | UtilisationRecord)[]): void;
}

/** Asks the sidecar, where there is one; what it answers to these is of no interest. */
type Ask = <M extends 'subscribe' | 'unsubscribe'>(method: M, params: Requests[M]['params']) => void;

export class Followings {
  readonly #all = new Set<Following>();
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Follows until disposed. */
  add(following: Following): { dispose(): void; readonly next: number } {
    const [all, ask] = [this.#all, this.#ask];
    const { run, log } = following;
    all.add(following);
    this.#subscribe(run, log);
    return {
      get next() {
        return following.next;
      },
      dispose() {
        all.delete(following);
        if (![...all].some((other) => other.run === run && other.log === log)) ask('unsubscribe', { run, log });
      },
    };
  }

  /** After a cut: from where each has come to. */
  resume(): void {
    for (const { run, log } of this.#all) this.#subscribe(run, log);
  }

  deliver({ run, log, events }: Notifications['run/events']): void {
    for (const following of this.#all) {
      if (following.run !== run || following.log !== log) continue;
      const news = events.filter(({ seq }) => seq >= following.next);
      if (news.length === 0) continue;
      following.next = news[news.length - 1].seq + 1;
      following.onEvents(news);
    }
  }

  /** Those that follow one log share its subscription: each leaves out what it has. */
  #subscribe(run: string, log: LogName): void {
    const shared = [...this.#all].filter((other) => other.run === run && other.log === log);
    this.#ask('subscribe', { run, log, fromSeq: Math.min(...shared.map(({ next }) => next)) });
  }
}
