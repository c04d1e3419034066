/**
 * @file What a job says, followed in an output channel as its file on the shared disk grows: no port, and no watcher, which
 * would not hear what another machine writes. Controls for a terminal are left out.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import * as vscode from 'vscode';

const pauseMs = 1000;
/** Of a long one its end. */
const mostBytes = 1 << 18;

export class OutputFollower implements vscode.Disposable {
  readonly #channels = new Map<string, { channel: vscode.OutputChannel; timer: NodeJS.Timeout }>();

  /** Shows what stands in the file, and what will be written to it while this window is open. */
  show(title: string, path: string): void {
    const known = this.#channels.get(path);
    if (known) {
      known.channel.show(true);
      return;
    }
    const channel = vscode.window.createOutputChannel(`MiLorE: ${title}`);
    const reader = new GrowingFile(path);
    const more = () => {
      const text = reader.read();
      if (text) channel.append(text);
    };
    if (!existsSync(path)) channel.appendLine(vscode.l10n.t('It has said nothing yet.'));
    more();
    this.#channels.set(path, { channel, timer: setInterval(more, pauseMs) });
    channel.show(true);
  }

  dispose(): void {
    for (const { channel, timer } of this.#channels.values()) {
      clearInterval(timer);
      channel.dispose();
    }
  }
}

/** A file to whose end others write. */
export class GrowingFile {
  readonly #path: string;
  #offset: number | undefined;
  readonly #decoder = new TextDecoder();

  constructor(path: string) {
    this.#path = path;
  }

  /** What is new; nothing while it is not there. */
  read(): string {
    let file: number;
    try {
      file = openSync(this.#path, 'r');
    } catch {
      return '';
    }
    try {
      const info = fstatSync(file);
      if (!info.isFile()) return '';
      this.#offset ??= Math.max(0, info.size - mostBytes);
      // Another file took its name.
      if (info.size < this.#offset) this.#offset = 0;
      const bytes = Buffer.alloc(Math.min(mostBytes, info.size - this.#offset));
      const count = readSync(file, bytes, 0, bytes.length, this.#offset);
      this.#offset += count;
      return harmless(this.#decoder.decode(bytes.subarray(0, count), { stream: true }));
    } finally {
      closeSync(file);
    }
  }
}

const harmless = (text: string) =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
    .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
    .replace(/[\p{Cc}\p{Cf}]/gu, (one) => (one === '\n' || one === '\t' ? one : ''));
