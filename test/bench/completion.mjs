// How long the built language server takes: from its start to its first answer, and for a completion in 500 lines.
// node esbuild.config.mjs && node test/bench/completion.mjs
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';

const requests = 200;
const module = resolve(import.meta.dirname, '../../dist/language-server.cjs');

/** 500 lines: a real experiment with very many languages. */
const codes = readFileSync(resolve(import.meta.dirname, '../../node_modules/iso-639-3/iso6393.js'), 'utf8')
  .match(/iso6393: '([a-z]{3})'/g)
  .map((found) => found.slice(-4, -1))
  .filter((_, i) => i % 17 === 0);
const head = 'name: bench\nbase:\n  model: model:small\n';
const tail = 'adapter:\n  experts: 4\n  \nunits:\n  clusters: 100\ntraining:\n  steps: 100\n  learningRate: 1.0e-3\n';
const rest = 500 - (head + tail).split('\n').length - 1;
const languages = codes
  .slice(0, Math.floor(rest / 3))
  .map((code) => `  ${code}:\n    role: new\n    data: dataset:${code}-cv\n`);
const text = `${head}languages:\n${languages.join('')}${tail}`;
const lines = text.split('\n');

const root = mkdtempSync(join(tmpdir(), 'milore-bench-'));
const list = `datasets:\n${codes.map((code) => `  ${code}-cv: { language: ${code}, path: . }\n`).join('')}models:\n  small: { path: . }\n`;
writeFileSync(join(root, 'milore.datasets.yaml'), list);
const uri = pathToFileURL(join(root, 'bench.milore.yaml')).href;

const begin = performance.now();
const child = fork(module, ['--node-ipc'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
const connection = createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
const path = (params) => fileURLToPath(params.uri);
const kind = (entry) => (entry.isDirectory() ? 'folder' : 'file');
connection.onRequest('milore/look', (p) => (existsSync(path(p)) ? kind(statSync(path(p))) : null));
connection.onRequest('milore/read', (p) => readFileSync(path(p), 'utf8'));
connection.onRequest('milore/list', async (p) =>
  (await readdir(path(p), { withFileTypes: true })).map((entry) => ({ name: entry.name, kind: kind(entry) })),
);
connection.onRequest('milore/experiments', () => [uri]);
const checked = new Promise((done) => connection.onNotification('textDocument/publishDiagnostics', done));
connection.listen();
await connection.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: {} });
connection.sendNotification('initialized', {});
const startMs = performance.now() - begin;
const opened = performance.now();
connection.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'milore', version: 1, text } });

await checked;
const checkedMs = performance.now() - opened;

const emptyLine = lines.indexOf('  ');
const places = {
  'keys on an empty line': [emptyLine, 2],
  'a word': [lines.findIndex((line) => line.includes('role:')), 13],
  'a language': [4, 5],
  'data: datasets and folders': [6, 10],
};
const figures = {};
for (const [name, [line, character]] of Object.entries(places)) {
  const times = [];
  let items = 0;
  for (let i = 0; i < requests; i++) {
    // As while typing: each request follows a change, so that nothing is known from the last.
    const edit = { range: { start: { line: 0, character: 6 }, end: { line: 0, character: 11 } }, text: `b${1000 + i}` };
    const start = performance.now();
    connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 + i },
      contentChanges: [edit],
    });
    const answer = await connection.sendRequest('textDocument/completion', {
      textDocument: { uri },
      position: { line, character },
    });
    times.push(performance.now() - start);
    items = answer.items.length;
  }
  times.sort((a, b) => a - b);
  const ms = (share) => Number(times[Math.floor(share * (times.length - 1))].toFixed(1));
  figures[name] = { medianMs: ms(0.5), p95Ms: ms(0.95), worstMs: ms(1), items };
}
console.log(
  `${lines.length} lines; server answers ${startMs.toFixed(0)} ms after its start, first check ${checkedMs.toFixed(0)} ms`,
);
console.table(figures);
await connection.sendRequest('shutdown');
connection.sendNotification('exit');
connection.dispose();
rmSync(root, { recursive: true });
