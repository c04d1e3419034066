/**
 * @file One client's view of one log: from a number on, in order, without a gap. The log on disk is the queue: a slow
 * client makes this wait, and no memory grows.
 */
import type { LogName, LogRecord } from '../protocol/log.ts';
import type { RunEvents } from '../protocol/messages.ts';
import { LogFollower } from '../runs/follow.ts';
import { type LoggedEvent, parseLine } from '../runs/log.ts';

/** Events in one message. */
const batch = 500;
/** For logs that another process writes, and for a wake that came too early. */
const pollMs = 250;

/** What the subscription needs of a socket. */
export interface Outlet {
  send(events: RunEvents): void;
  /** Does the work when the socket has taken what was sent, one subscription after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

export class Subscription {
  readonly run: string;
  readonly log: LogName;
  readonly #follower: LogFollower<LoggedEvent>;
  readonly #outlet: Outlet;
  #timer: NodeJS.Timeout | undefined;
  #reading = false;
  #again = false;
  #ended = false;
  #fault = '';

  constructor(run: string, log: LogName, path: string, fromSeq: number, outlet: Outlet) {
    this.run = run;
    this.log = log;
    this.#follower = new LogFollower(path, fromSeq, parseLine);
    this.#outlet = outlet;
    this.#timer = setInterval(() => this.wake(), pollMs);
    this.wake();
  }

  /** Something may have been written. */
  wake(): void {
    if (this.#reading) this.#again = true;
    else void this.#pump();
  }

  end(): void {
    this.#ended = true;
    clearInterval(this.#timer);
  }

  async #pump(): Promise<void> {
    this.#reading = true;
    try {
      do {
        this.#again = false;
        while (await this.#outlet.inTurn(() => this.#sendBatch()));
      } while (this.#again);
    } catch (error) {
      // Tried again at the next wake: a file that cannot be read now may be later. Said once.
      const { message } = error as Error;
      if (message !== this.#fault) process.stderr.write(`${message}\n`);
      this.#fault = message;
    } finally {
      this.#reading = false;
    }
  }

  /** Whether there may be more. */
  async #sendBatch(): Promise<boolean> {
    if (this.#ended) return false;
    const events = await this.#follower.read(batch);
    if (this.#ended || events.length === 0) return false;
    this.#outlet.send({ run: this.run, log: this.log, events: events as unknown as LogRecord[] });
    return true;
  }
}
