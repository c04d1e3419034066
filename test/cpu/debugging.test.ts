import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { tinyWorkspace } from '../support/tiny.ts';

/** What F5 does with `.vscode/launch.json`, by the protocol that VS Code's debugger speaks. */
const root = resolve(import.meta.dirname, '../..');
const read = (name: string) => JSON.parse(readFileSync(join(root, '.vscode', name), 'utf8'));
const launches: { name: string; program?: string; args?: string[]; preLaunchTask?: string }[] =
  read('launch.json').configurations;
const inRoot = (text: string) => text.replace(/^\$\{workspaceFolder\}/, root);

/** Where a line of a source stands in the bundles: the first place on it that the source map knows. */
function inBundle(source: string, wanted: number): { url: string; lineNumber: number; columnNumber: number } {
  const dist = join(root, 'dist');
  for (const name of readdirSync(dist).filter((name) => name.endsWith('.js'))) {
    const map = new SourceMap(JSON.parse(readFileSync(join(dist, `${name}.map`), 'utf8')));
    if (!map.payload.sources.some((one) => one.endsWith(source))) continue;
    for (const [lineNumber, line] of readFileSync(join(dist, name), 'utf8').split('\n').entries()) {
      const columnNumber = line.search(/\S/);
      const entry = columnNumber >= 0 && map.findEntry(lineNumber, columnNumber);
      if (entry && 'originalLine' in entry && entry.originalLine === wanted && entry.originalSource.endsWith(source))
        return { url: pathToFileURL(join(dist, name)).href, lineNumber, columnNumber };
    }
  }
  throw new Error(`no bundle has line ${wanted + 1} of ${source}`);
}

interface Message {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
}

/** One conversation with Node's inspector. */
class Inspector {
  private id = 0;
  private waiting: { isMine(message: Message): boolean; take(message: Message): void }[] = [];

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data) => {
      const message: Message = JSON.parse(String(data));
      const found = this.waiting.find(({ isMine }) => isMine(message));
      this.waiting = this.waiting.filter((one) => one !== found);
      found?.take(message);
    });
  }

  static async of(child: ChildProcess): Promise<Inspector> {
    const address = await new Promise<string>((done) => {
      let said = '';
      child.stderr!.on('data', (chunk) => {
        said += chunk;
        const [, url] = /listening on (ws:\S+)/.exec(said) ?? [];
        if (url) done(url);
      });
    });
    const socket = new WebSocket(address);
    await new Promise((done) => socket.once('open', done));
    return new Inspector(socket);
  }

  private wait(isMine: (message: Message) => boolean): Promise<Message> {
    return new Promise((take) => this.waiting.push({ isMine, take }));
  }

  async ask<Result>(method: string, params: object = {}): Promise<Result> {
    const id = ++this.id;
    this.socket.send(JSON.stringify({ id, method, params }));
    return (await this.wait((message) => message.id === id)).result as Result;
  }

  async halted(): Promise<{ callFrames: { functionName: string; callFrameId: string }[] }> {
    const { params } = await this.wait(({ method }) => method === 'Debugger.paused');
    return params as Awaited<ReturnType<Inspector['halted']>>;
  }

  close(): void {
    this.socket.close();
  }
}

describe('launch.json', () => {
  let child: ChildProcess | undefined;
  afterAll(() => void child?.kill('SIGKILL'));

  it('starts tasks that there are, from programs and folders that there are', () => {
    const tasks = read('tasks.json').tasks.map(({ label }: { label: string }) => label);
    const scripts = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts;
    for (const { preLaunchTask } of launches) if (preLaunchTask) expect(tasks).toContain(preLaunchTask);
    for (const { command } of read('tasks.json').tasks)
      expect(scripts).toHaveProperty(/^npm (?:run )?(\w+)$/.exec(command)![1]);
    for (const { program } of launches) if (program) expect(() => readFileSync(inRoot(program))).not.toThrow();
    const names = launches.map(({ name }) => name);
    for (const { configurations } of read('launch.json').compounds)
      for (const name of configurations) expect(names).toContain(name);
  });

  it('lets "milore train" halt at a line of sidecar/training/loop.ts, with its variables', async () => {
    const { experiment } = tinyWorkspace();
    const { program, args } = launches.find(({ name }) => name === 'milore train (sample)')!;
    const source = 'sidecar/training/loop.ts';
    const line = readFileSync(join(root, source), 'utf8')
      .split('\n')
      .findIndex((text) => text.includes('const factor = rateFactor('));
    child = spawn(process.execPath, ['--inspect-brk=0', inRoot(program!), args![0], experiment, '--device=cpu'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const inspector = await Inspector.of(child);
    await inspector.ask('Debugger.enable');
    await inspector.ask('Debugger.setBreakpointByUrl', inBundle(source, line));
    const started = inspector.halted();
    await inspector.ask('Runtime.runIfWaitingForDebugger');
    await started; // at the first line of all
    const halted = inspector.halted();
    await inspector.ask('Debugger.resume');
    const [frame] = (await halted).callFrames;
    expect(frame.functionName).toBe('train');
    const { result } = await inspector.ask<{ result: { value: string } }>('Debugger.evaluateOnCallFrame', {
      callFrameId: frame.callFrameId,
      expression: 'JSON.stringify([step, shards.length > 0])',
    });
    expect(result.value).toBe('[1,true]');
    inspector.close();
  });
});
