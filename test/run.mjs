// Runs every suite and ends with one line over all of them: "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const reports = 'dist/test-reports';
rmSync(reports, { recursive: true, force: true });
// Caches for the tests, made by the first that asks: never by an older version.
rmSync('dist/test/warm-sample', { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const totals = { passed: 0, failed: 0 };
/** Told again at the end, where whoever looks at a long log looks first. */
const failures = [];
const lucky = [];
/** With more files red than this, something is broken and not unlucky. */
const SECOND_TRIES = 6;

function run(name, command, args, env = {}) {
  console.log(`\n── ${name}`);
  return spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } }).status === 0;
}

/** A command that either passes or fails counts as one test. */
function check(name, command, args) {
  if (run(name, command, args)) totals.passed++;
  else {
    totals.failed++;
    failures.push(name);
  }
}

/**
 * Files with a failure are run once more, alone, and what they say then counts: three thousand tests with real
 * processes, a browser and a scheduler on a machine that others share have bad luck now and then. A fault of the
 * product fails twice. What passed at its second try only is told at the end.
 */
function vitest(name, flags, filters = [], env = {}, again = false) {
  const output = join(reports, `${name}.json`);
  const ok = run(
    name,
    'npx',
    ['vitest', 'run', ...flags, ...filters, '--reporter=default', '--reporter=json', `--outputFile=${output}`],
    env,
  );
  const report = existsSync(output) ? JSON.parse(readFileSync(output, 'utf8')) : undefined;
  const failed = report?.testResults.filter(({ status }) => status === 'failed') ?? [];
  if (!again && failed.length > 0 && failed.length <= SECOND_TRIES) {
    const files = failed.map(({ name: file }) => relative('.', file));
    console.log(`\nA second try for ${files.join(', ')}`);
    const kept = report.testResults.filter(({ status }) => status !== 'failed');
    totals.passed += kept.flatMap((file) => file.assertionResults).filter(({ status }) => status === 'passed').length;
    const before = totals.failed;
    vitest(`${name}-again`, flags, files, env, true);
    if (totals.failed === before) lucky.push(...(tests(failed).length > 0 ? tests(failed) : files));
    return;
  }
  totals.passed += report?.numPassedTests ?? 0;
  // A suite that fails before its tests (an import, a hook) has no failed test to count.
  totals.failed += Math.max(report?.numFailedTests ?? 0, ok ? 0 : 1);
  const told = tests(failed);
  failures.push(...(told.length > 0 || ok ? told : [`${name}: a suite failed before its tests`]));
}

function tests(files) {
  return files.flatMap((file) =>
    file.assertionResults
      .filter(({ status }) => status === 'failed')
      .map(
        ({ fullName, failureMessages }) =>
          `${relative('.', file.name)}: ${fullName}\n    ${failureMessages[0]?.split('\n')[0]}`,
      ),
  );
}

check('build', 'node', ['esbuild.config.mjs']);
for (const project of ['.', 'webview', 'test']) check(`types of ${project}`, 'npx', ['tsc', '--noEmit', '-p', project]);
check('format and lint', 'npx', ['biome', 'check', '--error-on-warnings', '.']);
vitest('tests', [], process.argv.slice(2));
if (existsSync('vitest.gpu.config.ts')) {
  const driver = process.env.VK_ICD_FILENAMES ?? (existsSync(SWIFTSHADER) ? SWIFTSHADER : undefined);
  if (driver) vitest('gpu', ['--config', 'vitest.gpu.config.ts'], [], { VK_ICD_FILENAMES: driver });
  else
    console.log(
      "\n── gpu: not run: no Vulkan driver. Debian's chromium package brings a software one (apt-get install chromium).",
    );
}
if (spawnSync('which', ['slurmctld']).status === 0) vitest('slurm', ['--config', 'vitest.slurm.config.ts']);
else console.log('\n── slurm: not run: no slurmctld (apt-get install slurm-wlm munge openmpi-bin libpmix-dev).');
const bench = process.env.MILORE_BENCH ?? join(homedir(), '.cache', 'milore-bench');
const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(chromium)) console.log('\n── editor: not run: no Chromium (apt-get install chromium).');
else if (!existsSync(join(bench, 'node_modules', 'code-server')))
  console.log(`\n── editor: not run: no VS Code at ${bench}; test/editor/bench/setup.sh ${bench} installs one.`);
else vitest('editor', ['--config', 'vitest.editor.config.ts']);
for (const test of lucky) console.log(`\npassed at the second try: ${test}`);
for (const failure of failures) console.log(`\nfailed: ${failure}`);
console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed > 0 ? 1 : 0;
