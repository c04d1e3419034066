// Loaded with --require before the program: counts its file operations below a folder, and at the n-th kills it or lets
// the disk fail from there on. What to do stands in MILORE_FAULT; without it nothing is changed. Knows only node:fs.
const fs = require('node:fs');
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

function install({ root, at = Number.POSITIVE_INFINITY, how, only, record }) {
  const real = { ...fs };
  const handles = new Map();
  let count = 0;
  const wanted = only === undefined ? undefined : new RegExp(only);
  const pathOf = (file) => (typeof file === 'number' ? handles.get(file) : String(file));
  const roots = [root].flat();
  const rootOf = (path) => roots.find((one) => path === one || path?.startsWith(`${one}/`));

  /** Before the operation itself. */
  function reach(name, file, writes, half) {
    const path = pathOf(file);
    const below = rootOf(path);
    if (below === undefined) return;
    const isError = how !== undefined && how !== 'kill' && how !== 'torn';
    const counts = isError ? isHit(how, name, writes) : name === 'open' ? writes : CHANGES.has(name);
    if (!counts || (wanted && !wanted.test(path))) return;
    if (how === 'torn' && wanted && !half) return;
    count++;
    if (record) real.appendFileSync(record, `${name}\t${path.slice(below.length + 1)}\n`);
    if (count < at) return;
    if (isError) {
      const error = new Error(`${how}: ${MESSAGES[how]}, ${name} '${path}'`);
      throw Object.assign(error, { code: how, syscall: name, path });
    }
    if (how === 'torn') half?.();
    if (how) process.kill(process.pid, 'SIGKILL');
    // The signal is on its way: nothing more may happen.
    for (;;);
  }

  const sync = (name, half) => {
    const key = `${name}Sync`;
    const original = real[key];
    fs[key] = (...args) => {
      const file = name === 'rename' || name === 'link' ? args[1] : args[0];
      reach(name, file, name !== 'open' || isWriting(args[1]), half && (() => half(...args)));
      return original(...args);
    };
  };
  const halfOf = (bytes) => bytes.subarray(0, bytes.length >> 1);
  const asBytes = (data) => (typeof data === 'string' ? Buffer.from(data) : data);
  sync('write', (fd, data, offset = 0, length = data.length - offset, position = null) =>
    real.writeSync(fd, data, offset, length >> 1, position),
  );
  sync('writeFile', (path, data, options) => real.writeFileSync(path, halfOf(asBytes(data)), options));
  sync('appendFile', (path, data) => real.appendFileSync(path, halfOf(asBytes(data))));
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
