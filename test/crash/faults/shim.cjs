// Loaded with --require before the program: counts its file operations below a folder, and at the n-th kills it or lets
// the disk fail from there on; or keeps what a kill before each of them would leave. What to do stands in MILORE_FAULT;
// without it nothing is changed. Knows only node:fs.
const fs = require('node:fs');
const { createHash } = require('node:crypto');
const { join } = require('node:path');
const { syncBuiltinESMExports } = require('node:module');

/** Those that change the disk; what an error of the disk can hit of them. */
const WRITES = new Set(['write', 'writeFile', 'appendFile', 'mkdir', 'link', 'symlink', 'copyFile', 'cp', 'ftruncate']);
const CHANGES = new Set([...WRITES, 'open', 'rename', 'unlink', 'rm', 'rmdir', 'truncate', 'fsync', 'chmod', 'utimes']);
/** Those that take a file handle, or one for a moment. */
const HANDLES = new Set(['open', 'readFile', 'writeFile', 'appendFile', 'readdir', 'copyFile', 'cp']);
/** What a medium that has become read-only still lets through: handles that were open, and leaving. */
const THROUGH_HANDLES = new Set(['write', 'ftruncate', 'fsync']);
const MESSAGES = {
  ENOSPC: 'no space left on device',
  EROFS: 'read-only file system',
  EACCES: 'permission denied',
  EMFILE: 'too many open files',
  EIO: 'i/o error',
  EDQUOT: 'disk quota exceeded',
};

const isWriting = (flags) => (typeof flags === 'number' ? (flags & 3) !== 0 : /[wa+]/.test(flags ?? 'r'));

/** Whether the fault hits the operation: what a full disk refuses is not what a read-only one does. */
function isHit(how, name, writes) {
  switch (how) {
    case 'ENOSPC':
    case 'EDQUOT':
      return name === 'open' ? writes : WRITES.has(name) && name !== 'ftruncate';
    case 'EROFS':
    case 'EACCES':
      return (name === 'open' ? writes : CHANGES.has(name)) && !THROUGH_HANDLES.has(name);
    case 'EMFILE':
      return HANDLES.has(name);
    case 'EIO':
      return name === 'write' || name === 'fsync' || name === 'writeFile' || name === 'appendFile';
    default:
      return false;
  }
}

/** Where in the program an operation is asked for: the lines of its own files alone. */
function siteOf() {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 40;
  const lines = new Error().stack.split('\n').slice(1);
  Error.stackTraceLimit = stackTraceLimit;
  const own = lines.filter((line) => !line.includes(__filename) && !/node:|node_modules/.test(line));
  return createHash('sha256').update(own.join('\n')).digest('hex').slice(0, 12);
}

function install({ root, at = Number.POSITIVE_INFINITY, how, only, record, states }) {
  const real = { ...fs };
  const handles = new Map();
  let count = 0;
  const wanted = only === undefined ? undefined : new RegExp(only);
  const pathOf = (file) => (typeof file === 'number' ? handles.get(file) : String(file));
  const roots = [root].flat();
  const rootOf = (path) => roots.find((one) => path === one || path?.startsWith(`${one}/`));

  /** Keeps the first folder as it is now, once for each content; what it is called. */
  function keep(change = () => {}) {
    const fresh = join(states, 'fresh');
    real.rmSync(fresh, { recursive: true, force: true });
    // Those of the promises are replaced too.
    copyTree(roots[0], fresh);
    change(fresh);
    const hash = createHash('sha256');
    for (const name of real.readdirSync(fresh, { recursive: true }).sort()) {
      const path = join(fresh, name);
      hash.update(`${name}\0`);
      if (real.lstatSync(path).isFile()) hash.update(real.readFileSync(path));
    }
    const state = hash.digest('hex').slice(0, 24);
    if (!real.existsSync(join(states, state))) real.renameSync(fresh, join(states, state));
    return state;
  }

  function copyTree(from, to) {
    real.mkdirSync(to, { recursive: true });
    for (const entry of real.readdirSync(from, { withFileTypes: true })) {
      const [source, target] = [join(from, entry.name), join(to, entry.name)];
      if (entry.isDirectory()) copyTree(source, target);
      else if (entry.isSymbolicLink()) real.symlinkSync(real.readlinkSync(source), target);
      else {
        real.copyFileSync(source, target);
        const { atime, mtime } = real.lstatSync(source);
        real.utimesSync(target, atime, mtime);
      }
    }
  }

  /** Before the operation itself. `half` makes half of it, of the same file below another folder where one is told. */
  function reach(name, file, writes, half) {
    const path = pathOf(file);
    const below = rootOf(path);
    if (below === undefined) return;
    const isError = how !== undefined && how !== 'kill' && how !== 'torn';
    const counts = isError ? isHit(how, name, writes) : name === 'open' ? writes : CHANGES.has(name);
    if (!counts || (wanted && !wanted.test(path))) return;
    if (how === 'torn' && wanted && !half) return;
    count++;
    if (record) {
      const told = { name, path: path.slice(below.length + 1), site: siteOf() };
      if (states) {
        told.state = keep();
        if (half && below === roots[0]) told.torn = keep((copy) => half(join(copy, told.path)));
      }
      real.appendFileSync(record, `${JSON.stringify(told)}\n`);
    }
    if (count < at) return;
    if (isError) {
      const error = new Error(`${how}: ${MESSAGES[how]}, ${name} '${path}'`);
      throw Object.assign(error, { code: how, syscall: name, path });
    }
    if (how === 'torn') half?.(undefined);
    if (how) process.kill(process.pid, 'SIGKILL');
    // The signal is on its way: nothing more may happen.
    for (;;);
  }

  const sync = (name, half) => {
    const key = `${name}Sync`;
    const original = real[key];
    fs[key] = (...args) => {
      const file = name === 'rename' || name === 'link' ? args[1] : args[0];
      reach(name, file, name !== 'open' || isWriting(args[1]), half && ((elsewhere) => half(elsewhere, ...args)));
      return original(...args);
    };
  };
  const halfOf = (bytes) => bytes.subarray(0, bytes.length >> 1);
  const asBytes = (data) => (typeof data === 'string' ? Buffer.from(data) : data);
  sync('write', (elsewhere, fd, data, offset = 0, length = data.length - offset, position = null) => {
    if (elsewhere === undefined) return void real.writeSync(fd, data, offset, length >> 1, position);
    if (!real.existsSync(elsewhere)) return; // It has no name any more.
    const info = real.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
    const appends = (Number.parseInt(/^flags:\s*(\d+)/m.exec(info)[1], 8) & fs.constants.O_APPEND) !== 0;
    const copy = real.openSync(elsewhere, 'r+');
    // Where the next byte goes is the system's to know.
    const next = appends ? real.fstatSync(copy).size : Number(/^pos:\s*(\d+)/m.exec(info)[1]);
    real.writeSync(copy, data, offset, length >> 1, position ?? next);
    real.closeSync(copy);
  });
  sync('writeFile', (elsewhere, path, data, options) =>
    real.writeFileSync(elsewhere ?? path, halfOf(asBytes(data)), options),
  );
  sync('appendFile', (elsewhere, path, data) => real.appendFileSync(elsewhere ?? path, halfOf(asBytes(data))));
  for (const name of ['mkdir', 'rename', 'link', 'symlink', 'unlink', 'rm', 'rmdir', 'copyFile', 'cp']) sync(name);
  for (const name of ['ftruncate', 'truncate', 'fsync', 'chmod', 'utimes', 'readFile', 'readdir']) sync(name);
  sync('open');
  const open = fs.openSync;
  fs.openSync = (path, ...rest) => {
    const fd = open(path, ...rest);
    handles.set(fd, String(path));
    return fd;
  };
  fs.closeSync = (fd) => {
    handles.delete(fd);
    return real.closeSync(fd);
  };
  for (const name of ['open', 'writeFile', 'appendFile', 'mkdir', 'rename', 'unlink', 'rm', 'readFile', 'readdir']) {
    const original = real.promises[name];
    fs.promises[name] = async (...args) => {
      reach(name, name === 'rename' ? args[1] : args[0], name !== 'open' || isWriting(args[1]));
      return original.call(fs.promises, ...args);
    };
  }
  syncBuiltinESMExports();
}

if (process.env.MILORE_FAULT) {
  const fault = JSON.parse(process.env.MILORE_FAULT);
  delete process.env.MILORE_FAULT;
  install(fault);
}
