/** @file `milore mcp`: the workspace's runs for assistants, over standard input and output. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { UserError } from '../errors.ts';
import { VERSION } from '../version.ts';

export const mcp = () =>
  new Command('mcp')
    .description('Answer an assistant over standard input and output (Model Context Protocol); it can only read.')
    .argument('[workspace]', 'the folder', '.')
    .action(async (folder: string) => {
      const root = resolve(folder);
      if (!statSync(root, { throwIfNoEntry: false })?.isDirectory())
        throw new UserError({
          code: 'mcp.no-workspace',
          tried: `read the runs of ${root}`,
          why: 'it is no folder.',
          cure: 'Name a folder that exists.',
        });
      const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js');
      const { mcpServer } = await import('../mcp/server.ts');
      const transport = new StdioServerTransport();
      const closed = new Promise<void>((done) => {
        process.stdin.once('end', done).once('close', done);
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
      });
      const server = mcpServer(root, VERSION);
      await server.connect(transport);
      await closed;
      await server.close();
    });
