/**
 * @file What the names in a pickle mean: tensors and dictionaries are built; anything else is refused by name, or, where
 * a training checkpoint brings its settings, kept as a record that does nothing. Nothing is imported or called.
 */
import type { DType } from '../tensor-file.ts';
import { type Dict, Global, InertRecord, PickleRefusal, TorchStorage, TorchTensor } from './values.ts';

const STORAGES: Record<string, DType> = {
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.DoubleStorage': 'F64',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};

const BUILT = new Set([
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_parameter',
  'collections.OrderedDict',
]);

/** Of Python, NumPy and PyTorch, what holds settings and statistics. */
const PLAIN = new RegExp(
  `^(${[
    'argparse\\.Namespace',
    'collections\\.(Counter|defaultdict|deque)',
    'copy_?reg\\._reconstructor',
    'datetime\\.(datetime|timedelta)',
    'pathlib\\.(Pure)?(Posix|Windows)?Path',
    'typing\\.(Any|Union|Optional|Dict|List|Tuple)',
    '_codecs\\.encode',
    'torch\\.(Size|device)',
    '(__builtin__|builtins)\\.(getattr|object|int|float|str|bool|list|dict|tuple|set|frozenset|bytes|complex)',
    'numpy(\\._?core)?(\\.multiarray)?\\.(scalar|dtype|_reconstruct|ndarray|float\\d+|int\\d+)',
  ].join('|')})$`,
);

/** Packages whose classes run, open or fetch something: no settings are kept in one of theirs. */
const NEVER_SETTINGS = new Set(
  `__builtin__ builtins os posix nt subprocess commands sys importlib imp runpy pkgutil site code codeop pdb bdb
  pickle _pickle cPickle marshal shelve dill cloudpickle joblib operator functools itertools types inspect gc ctypes
  _ctypes mmap socket socketserver ssl select asyncio multiprocessing concurrent threading _thread signal pty tty shutil
  tempfile zipfile tarfile zipimport io codecs glob fileinput http urllib urllib2 httplib requests aiohttp ftplib
  smtplib telnetlib poplib imaplib xmlrpc webbrowser pip setuptools distutils ensurepip venv doctest unittest timeit
  trace cProfile profile pydoc idlelib torch tensorflow keras numpy pandas`.split(/\s+/),
);

/**
 * The name itself, where it may stand in a checkpoint.
 * @param records whether classes unknown here may stand as records that do nothing
 */
export function globalNamed(module: unknown, name: unknown, records: boolean): Global {
  const full =
    typeof module === 'string' && typeof name === 'string' ? `${module}.${name}` : 'something without a name';
  if (BUILT.has(full) || Object.hasOwn(STORAGES, full)) return new Global(full);
  if (records && (PLAIN.test(full) || isForeignClass(full))) return new Global(full);
  throw new PickleRefusal(
    `its pickle asks to run "${full.slice(0, 200)}", which no plain checkpoint needs; nothing was run`,
    'Do not load this file with PyTorch either unless you trust it; take the model as safetensors.',
  );
}

/** `package.module.Class` of a trainer: by Python's custom a class begins with a capital, and a function does not. */
const isForeignClass = (full: string) =>
  /^[A-Za-z_]\w*(\.\w+)*\.[A-Z]\w*$/.test(full) && !NEVER_SETTINGS.has(full.slice(0, full.indexOf('.')));

/** ('storage', type, key, location, elements), as torch.save writes it; before 1.6 a sixth entry for views of views. */
export function storageOf(id: unknown): TorchStorage {
  const [kind, type, key, , elements, view] = Array.isArray(id) ? id : [];
  const dtype = type instanceof Global ? STORAGES[type.name] : undefined;
  if (kind !== 'storage' || !dtype || typeof key !== 'string' || !isCount(elements) || (view ?? null) !== null) {
    throw new PickleRefusal('it refers to something that is no tensor storage');
  }
  return new TorchStorage(key, dtype, elements);
}

/** What stands for `callee(*args)`: a tensor, a dictionary, or a record. */
export function reduce(callee: unknown, args: unknown): unknown {
  if (!(callee instanceof Global) || !Array.isArray(args)) throw new PickleRefusal('it calls what cannot be called');
  if (callee.name === 'collections.OrderedDict') return orderedDict(args);
  if (callee.name === 'torch._utils._rebuild_parameter') {
    if (args[0] instanceof TorchTensor) return args[0];
    throw new PickleRefusal('it makes a parameter of what is no tensor');
  }
  if (callee.name === 'torch._utils._rebuild_tensor_v2') return tensorOf(args);
  // A storage type is named, never called; without records no other name comes as far as this.
  if (Object.hasOwn(STORAGES, callee.name)) throw new PickleRefusal(`it calls "${callee.name}"`);
  return new InertRecord(callee.name, args);
}

function tensorOf(args: readonly unknown[]): TorchTensor {
  const [source, offset, shape, stride] = args;
  const wellFormed = source instanceof TorchStorage && isCount(offset) && isCounts(shape) && isCounts(stride);
  if (!wellFormed || shape.length !== stride.length) throw new PickleRefusal('it describes a tensor wrongly');
  return new TorchTensor(source, offset, [...shape], [...stride]);
}

function orderedDict(args: readonly unknown[]): Dict {
  const dict: Dict = new Map();
  const pairs = args.length === 0 ? [] : args[0];
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2;
  if (!Array.isArray(pairs) || !pairs.every(isPair))
    throw new PickleRefusal('it makes a dictionary of what are no pairs');
  for (const [key, value] of pairs) dict.set(keyOf(key), value);
  return dict;
}

/** Numbers become text: a table of chosen whole numbers can be made slow to fill, one of texts cannot. */
export const keyOf = (key: unknown): unknown =>
  typeof key === 'number' || typeof key === 'bigint' ? String(key) : key;

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 16 && value.every(isCount);
}
