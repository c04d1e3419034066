// Puts one plausible fault at a time into a copy of the sources and runs the tests that reach it. Not part of `npm test`.
//   npm run mutate                              every fault of mutations.mjs
//   npm run mutate -- <part of a name> …        those whose name has one of these
//   npm run mutate -- --left                    those that result.md does not know as caught or as of no matter
// What was seen of each, and when, goes into result.md at once.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { mutations } from './mutations.mjs';
import { cell, readRows, row, writeRows } from './result.mjs';

const root = resolve(import.meta.dirname, '../..');
const SIDE_BY_SIDE = 2;
/** With a fault in it a test may never end. */
const LIMIT_MS = 600_000;
const NO_END = 'nothing: no end';
/** All of them, before any fault. */
const CLEAN_LIMIT_MS = 3_600_000;

const sources = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));

/** Where the text stands: in one place of one source, whatever the source is called today; `in` narrows it to a folder. */
function anchorOf({ find, in: room = '' }) {
  const places = sources(join(root, 'sidecar', room)).flatMap((path) => {
    const text = readFileSync(path, 'utf8');
    return text.includes(find) ? [{ path: relative(root, path), text, times: text.split(find).length - 1 }] : [];
  });
  const times = places.reduce((sum, place) => sum + place.times, 0);
  return times === 1 ? places[0] : { times };
}

/** A copy with sources and tests of its own; all else is seen through links. */
function copy() {
  const folder = mkdtempSync(join(tmpdir(), 'milore-mutate-'));
  const own = (path) => !relative(root, path).startsWith(join('test', 'fixtures'));
  for (const name of ['sidecar', 'test'])
    cpSync(join(root, name), join(folder, name), { recursive: true, filter: own });
  symlinkSync(join(root, 'test/fixtures'), join(folder, 'test/fixtures'));
  for (const name of readdirSync(root))
    if (!['sidecar', 'test', 'dist', '.git', '.milore'].includes(name))
      symlinkSync(join(root, name), join(folder, name));
  return folder;
}

/** What the tests say: passed, failed (with the first test that did), or broken where nothing could be run. */
function runTests(folder, tests, limitMs = LIMIT_MS) {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', ...tests, '--bail=1', '--reporter=json', `--outputFile=${report}`, '--maxWorkers=1'];
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, MILORE_THREADS: '1' } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  return new Promise((done) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal) return done({ state: 'failed', by: `${NO_END} after ${limitMs / 1000} s` });
      let results;
      try {
        results = JSON.parse(readFileSync(report, 'utf8')).testResults;
      } catch {
        return done({ state: 'broken', by: said.slice(-2000) });
      }
      if (code === 0) return done({ state: 'passed' });
      const failed = results.flatMap((file) => file.assertionResults).find(({ status }) => status === 'failed');
      if (failed) return done({ state: 'failed', by: failed.fullName });
      // A file that fails as a whole: in a hook it is caught, but what cannot be read is no mutation.
      const file = results.find(({ status }) => status === 'failed');
      const message = file?.message || said.slice(-2000);
      const unread = /Transform failed|SyntaxError|PARSE_ERROR|Failed to (resolve|load)|No test files/i.test(message);
      done({ state: unread ? 'broken' : 'failed', by: message.split('\n')[0] });
    });
  });
}

async function main() {
  const names = mutations.map(({ name }) => name);
  const known = readRows();
  const words = process.argv.slice(2).map((word) => word.toLowerCase());
  const isSettled = ({ verdict, detail }) => /^(caught|cannot matter)$/.test(verdict) && !detail.startsWith(NO_END);
  const isAsked = ({ name }) => {
    if (words[0] !== '--left') return words.length === 0 || words.some((part) => name.toLowerCase().includes(part));
    const last = known.get(cell(name));
    return !last || !isSettled(last);
  };
  const chosen = mutations.filter(isAsked);
  const faults = [];
  for (const name of names.filter((one, i) => names.indexOf(one) !== i)) faults.push(`${name}: the name stands twice`);
  const anchored = chosen.flatMap((mutation) => {
    const anchor = anchorOf(mutation);
    if (anchor.path) return { ...mutation, ...anchor };
    faults.push(`${mutation.name}: its anchor stands ${anchor.times} times in sidecar/, not once: ${mutation.find}`);
    return [];
  });
  const folders = Array.from({ length: SIDE_BY_SIDE }, copy);
  try {
    const all = [...new Set(anchored.flatMap(({ tests }) => tests))];
    console.log(`Unchanged: ${all.length} test files`);
    const clean = await runTests(folders[0], all, CLEAN_LIMIT_MS);
    if (clean.state !== 'passed') throw new Error(`The tests fail without any fault put in: ${clean.by}`);

    const queue = [...anchored];
    const work = async (folder) => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const { name, path, text, find, replace, tests, why } = next;
        const target = join(folder, path);
        writeFileSync(
          target,
          text.replace(find, () => replace),
        );
        const { state, by = '' } = await runTests(folder, tests);
        writeFileSync(target, text);
        const verdict = { passed: why ? 'cannot matter' : 'SURVIVED', failed: 'caught', broken: 'BROKEN' }[state];
        known.set(cell(name), row(name, path, verdict, state === 'passed' ? (why ?? '') : by));
        writeRows(known, names);
        if (verdict === 'SURVIVED') faults.push(`${name} (${path}): no test of ${tests.join(', ')} fails`);
        if (verdict === 'BROKEN') faults.push(`${name} (${path}): the tests could not be run: ${by}`);
        if (verdict === 'caught' && why) faults.push(`${name} (${path}): said not to matter, yet "${by}" fails`);
        console.log(`${verdict.padEnd(13)} ${name}`);
      }
    };
    await Promise.all(folders.map(work));
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
  for (const fault of faults) console.log(`\n- ${fault}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

await main();
