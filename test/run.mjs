// Runs every suite and ends with one line over all of them: "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const reports = 'dist/test-reports';
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const totals = { passed: 0, failed: 0 };

function run(name, command, args, env = {}) {
  console.log(`\n── ${name}`);
  return spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } }).status === 0;
}

/** A command that either passes or fails counts as one test. */
function check(name, command, args) {
  if (run(name, command, args)) totals.passed++;
  else totals.failed++;
}

function vitest(name, args, env) {
  const output = join(reports, `${name}.json`);
  const ok = run(
    name,
    'npx',
    ['vitest', 'run', ...args, '--reporter=default', '--reporter=json', `--outputFile=${output}`],
    env,
  );
  const report = existsSync(output) ? JSON.parse(readFileSync(output, 'utf8')) : undefined;
  totals.passed += report?.numPassedTests ?? 0;
  // A suite that fails before its tests (an import, a hook) has no failed test to count.
  totals.failed += Math.max(report?.numFailedTests ?? 0, ok ? 0 : 1);
}

check('build', 'node', ['esbuild.config.mjs']);
for (const project of ['.', 'webview', 'test']) check(`types of ${project}`, 'npx', ['tsc', '--noEmit', '-p', project]);
check('format and lint', 'npx', ['biome', 'check', '--error-on-warnings', '.']);
vitest('tests', process.argv.slice(2));
if (existsSync('vitest.gpu.config.ts')) {
  const driver = process.env.VK_ICD_FILENAMES ?? (existsSync(SWIFTSHADER) ? SWIFTSHADER : undefined);
  if (driver) vitest('gpu', ['--config', 'vitest.gpu.config.ts'], { VK_ICD_FILENAMES: driver });
  else
    console.log(
      "\n── gpu: not run: no Vulkan driver. Debian's chromium package brings a software one (apt-get install chromium).",
    );
}
const bench = process.env.MILORE_BENCH ?? join(homedir(), '.cache', 'milore-bench');
const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(chromium)) console.log('\n── editor: not run: no Chromium (apt-get install chromium).');
else if (!existsSync(join(bench, 'node_modules', 'code-server')))
  console.log(`\n── editor: not run: no VS Code at ${bench}; test/editor/bench/setup.sh ${bench} installs one.`);
else vitest('editor', ['--config', 'vitest.editor.config.ts']);
console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed > 0 ? 1 : 0;
