/** @file `milore serve`: the service that an editor talks to. It outlives the editor's window. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { claimEndpoint, endpointFile, newToken, readEndpoint, realWorkspace, releaseEndpoint } from '../endpoint.ts';
import { UserError } from '../errors.ts';
import { diskFault } from '../machine.ts';
import { bornAt } from '../processes.ts';
import { startServer } from '../server/server.ts';
import { VERSION } from '../version.ts';
import { printable, warn } from './output.ts';

const port = (text: string) => {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535) throw new InvalidArgumentError('A number from 0 to 65535.');
  return Number(text);
};

/** How often is looked whether an update has come. */
const lookMs = 5000;
/** Until whoever asked has heard. */
const answerMs = 50;

/** Which build a file is of; undefined where it is gone. */
function builtAt(script: string): string | undefined {
  const found = statSync(script, { throwIfNoEntry: false });
  return found && `${found.ino} ${found.size} ${found.mtimeMs}`;
}

export const serve = () =>
  new Command('serve')
    .description('Serve a workspace to the editor, until nobody is connected and no run is at work.')
    .argument('[workspace]', 'the folder', '.')
    .addOption(new Option('--port <port>', 'TCP port on 127.0.0.1; 0 takes a free one').default(0).argParser(port))
    .option('--keep', 'stay when nobody is connected', false)
    .action(async (folder: string, options: { port: number; keep: boolean }) => {
      const workspace = existing(folder);
      const already = readEndpoint(workspace);
      if (already) throw busy(workspace, already.pid);
      const script = resolve(process.argv[1]);
      const token = newToken();
      const built = builtAt(script);
      let other: string | undefined;
      /** Not amid a run: it writes its last file first. */
      const giveWay = () => {
        // An update takes the old version's folder away, or writes over it: what is not loaded yet can no longer be.
        const now = builtAt(script);
        if (now !== built || other !== undefined) server.queue.hold();
        if (server.runner.busy) return;
        const next = 'the next window starts the new one';
        if (now === undefined) end(`its files are gone, as after an update (${script}); ${next}`);
        else if (now !== built) end(`its files are others now, as after an update (${script}); ${next}`);
        else if (other !== undefined)
          end(`it is of version ${VERSION}, and a window of ${other} is here, which starts its own`);
      };
      let end = (_why: string) => {};
      const ended = new Promise<string>((resolve) => {
        end = resolve;
      });
      const server = await startServer({
        workspace,
        token,
        port: options.port,
        onIdle: () => options.keep || end('nobody is connected'),
        onShutdown: () => end('asked to'),
        onOtherVersion(version) {
          other = version;
          setTimeout(giveWay, answerMs);
        },
      }).catch((error: Error) => {
        throw new UserError({
          code: 'serve.port',
          tried: `listen at 127.0.0.1:${options.port}`,
          why: `${error.message}.`,
          cure: 'Choose another --port, or leave it out to take a free one.',
        });
      });
      // Whoever reads what we say may leave; a run goes on.
      for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
      const born = bornAt(process.pid);
      const endpoint = { pid: process.pid, born, port: server.port, token, workspace, version: VERSION };
      try {
        if (!claimEndpoint(endpoint)) throw busy(workspace, readEndpoint(workspace)?.pid);
        say(`${VERSION} serves ${workspace} at 127.0.0.1:${server.port}; the token lies in ${endpointFile(workspace)}`);
        let asked = false;
        const leave = (signal: NodeJS.Signals) => {
          if (asked) {
            releaseEndpoint(workspace);
            process.exit(1);
          }
          asked = true;
          end(signal);
        };
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, leave);
        const look = setInterval(giveWay, lookMs);
        const why = await ended.finally(() => clearInterval(look));
        const more = server.runner.busy ? '; the run writes a checkpoint first, once more to leave at once' : '';
        say(`ends: ${why}${more}`);
      } catch (error) {
        throw diskFault(`leave the address in ${endpointFile(workspace)}`, error);
      } finally {
        await server.close();
        releaseEndpoint(workspace);
      }
    });

/** The log's one line; it never holds the token. */
const say = (text: string) => warn(`${new Date().toISOString()} milore ${printable(text)}`);

const busy = (workspace: string, pid?: number) =>
  new UserError({
    code: 'serve.already',
    tried: `serve ${workspace}`,
    why: `process ${pid ?? 'of another window'} serves it already.`,
    cure: 'Connect to that one; its address lies in the same file.',
  });

function existing(folder: string): string {
  try {
    const real = realWorkspace(folder);
    if (statSync(real).isDirectory()) return real;
    throw new Error('it is no folder');
  } catch (error) {
    throw new UserError({
      code: 'serve.no-workspace',
      tried: `serve ${folder}`,
      why: `${(error as Error).message}.`,
      cure: 'Name a folder that exists.',
    });
  }
}
