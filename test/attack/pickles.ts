/** @file Broken and hostile `pytorch_model.bin`: none of it may run, and all of it is refused by name. */
import { closeSync, cpSync, ftruncateSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { fixtures } from '../support/reference.ts';
import { archive, dictPickle, op, tensorPickle } from '../support/torch-archive.ts';
import { type Attack, base, embed, MARKER, put, speech, tiny } from './harness.ts';

const bin = (name: string, make: (good: Buffer) => Uint8Array): Attack => ({
  name: `pickle: ${name}`,
  names: 'pytorch_model.bin',
  make(root) {
    const folder = base(root);
    rmSync(join(folder, 'model.safetensors'));
    writeFileSync(join(folder, 'pytorch_model.bin'), make(readFileSync(tiny('pytorch_model.bin'))));
    put(root, { 'good.wav': speech });
    return embed(root, join(root, 'good.wav'), folder);
  },
});

const raw = (name: string, ...codes: number[][]) =>
  bin(name, () => archive([...op.proto, ...codes.flat(), ...op.stop]));
const call = (module: string, name: string, argument: string) => [
  ...op.global(module, name),
  ...op.tupleOf([op.text(argument)]),
  ...op.reduce,
];
const touch = `touch ${MARKER}`;
const line = (text: string) => [...Buffer.from(`${text}\n`, 'latin1')];
const view = { key: '0', elements: 4, shape: [2, 2], stride: [2, 1] };
const four = new Uint8Array(16);
const tensor = (name: string, change: Partial<typeof view> & { type?: string; offset?: number }, bytes = four) =>
  bin(name, () => archive(dictPickle({ a: tensorPickle({ ...view, ...change }) }), { 0: bytes }));

/** A checkpoint of fairseq in the base's place, with its settings beside the `model`. */
const pt = (name: string, make: (good: Buffer) => Uint8Array): Attack => ({
  name: `fairseq: ${name}`,
  names: 'hubert.pt',
  make(root) {
    const folder = base(root);
    for (const file of ['model.safetensors', 'config.json']) rmSync(join(folder, file));
    writeFileSync(join(folder, 'hubert.pt'), make(readFileSync(fixtures('fairseq_base', 'hubert_args_legacy.pt'))));
    put(root, { 'good.wav': speech });
    return embed(root, join(root, 'good.wav'), folder);
  },
});
const setting = (key: string, value: number[]) => [...op.text(key), ...value, 0x73];
const settings = (value: number[]) => () =>
  archive([...op.proto, ...op.dict, ...setting('model', op.dict), ...setting('cfg', value), ...op.stop]);
const repeated = (code: number[], times: number) => new Array(times).fill(code).flat();

export const fairseq: Attack[] = [
  pt('os.system among the settings', settings(call('os', 'system', touch))),
  pt('subprocess.Popen among the settings', settings(call('subprocess', 'Popen', touch))),
  pt('a function of the trainer called', settings(call('fairseq.utils', 'import_user_module', touch))),
  pt('an object of a class that runs', settings([...op.global('code', 'InteractiveConsole'), ...op.emptyTuple, 0x81])),
  pt('no settings', settings([0x4e])),
  pt(
    'an expression that would run',
    settings([
      ...op.dict,
      ...setting('model', [
        ...op.dict,
        ...setting('_name', op.text('hubert')),
        ...setting('conv_feature_layers', op.text(`__import__("os").system("${touch}")`)),
      ]),
    ]),
  ),
  pt('40 000 references to one list of 40 000', () =>
    archive([
      ...op.proto,
      0x5d,
      0x71,
      0,
      ...op.mark,
      ...repeated([0x4b, 1], 40_000),
      0x65,
      ...op.global('collections', 'OrderedDict'),
      ...op.mark,
      ...repeated([0x68, 0], 40_000),
      0x74,
      0x85,
      ...op.reduce,
      ...op.stop,
    ]),
  ),
  pt('a million dictionaries', () => archive([...op.proto, ...repeated(op.dict, 1_000_000), ...op.stop])),
  pt('20 million nothings', () => archive(new Uint8Array(20_000_000).fill(0x4e))),
  pt('cut to 5000 bytes', (good) => good.subarray(0, 5000)),
  pt('half of it', (good) => good.subarray(0, good.length / 2)),
  pt('an empty file', () => new Uint8Array(0)),
  pt('a format of another age', (good) => {
    good.writeUInt16LE(999, 18);
    return good;
  }),
];

export const pickles: Attack[] = [
  raw('os.system', call('os', 'system', touch)),
  raw('posix.system', call('posix', 'system', touch)),
  raw('subprocess.check_output', call('subprocess', 'check_output', touch)),
  raw('builtins.eval', call('builtins', 'eval', `__import__("os").system("${touch}")`)),
  raw('os.system by STACK_GLOBAL', op.text('os'), op.text('system'), [0x93], op.tupleOf([op.text(touch)]), op.reduce),
  raw('os.system by INST', op.mark, op.text(touch), [0x69, ...line('os'), ...line('system')]),
  raw('os.system by OBJ', op.mark, op.global('os', 'system'), op.text(touch), [0x6f]),
  raw('os.system behind good tensors', tensorPickle(view), call('os', 'system', touch)),
  raw('torch.load inside', call('torch', 'load', '/etc/passwd')),
  raw('an extension code', [0x82, 1]),
  raw('the state of an object', op.dict, op.int(1), [0x62]),
  raw('a pop of nothing', [0x30]),
  raw('nothing'),
  raw('a recall of what was never put', [0x68, 9]),
  raw('a text of 4 GB', [0x58, 0xff, 0xff, 0xff, 0xff]),
  raw('a whole number of 255 bytes', [0x8a, 0xff]),
  raw('no dictionary', op.int(1)),
  raw('a dictionary of numbers', op.dict, op.mark, op.int(1), op.int(2), op.setItems),
  raw('100 000 marks', new Array(100_000).fill(0x28)),
  bin('protocol 9', () => archive([0x80, 9, 0x2e])),
  bin('an empty pickle', () => archive([])),
  bin('cut to 1000 bytes', (good) => good.subarray(0, 1000)),
  bin('half of it', (good) => good.subarray(0, good.length / 2)),
  bin('a flipped byte in its directory', (good) => {
    good[good.length - 22] ^= 0xff;
    return good;
  }),
  bin('an empty file', () => new Uint8Array(0)),
  bin('a dictionary of 40 000 pairs of 40 000', () =>
    archive([
      ...op.proto,
      0x5d,
      0x71,
      0,
      ...op.mark,
      ...repeated([0x4b, 1], 40_000),
      0x65,
      ...op.global('collections', 'OrderedDict'),
      ...op.mark,
      ...repeated([0x68, 0], 40_000),
      0x74,
      0x85,
      ...op.reduce,
      ...op.stop,
    ]),
  ),
  bin('a bare pickle of old', () => Uint8Array.from([...op.proto, ...call('os', 'system', touch), ...op.stop])),
  bin('compressed', () => archive(dictPickle({ a: tensorPickle(view) }), { 0: new Uint8Array(4096) }, { level: 6 })),
  bin('a zip bomb', () => zipSync({ 'a/data.pkl': new Uint8Array(50 << 20) }, { level: 6 })),
  bin('big-endian', () => archive(dictPickle({ a: tensorPickle(view) }), { 0: four }, { byteOrder: 'big' })),
  bin('no data.pkl', () => zipSync({ 'a/other.pkl': four }, { level: 0 })),
  bin('two data.pkl', () => zipSync({ 'a/data.pkl': four, 'b/data.pkl': four }, { level: 0 })),
  tensor('a view behind its storage', { offset: 3 }),
  tensor('a stride of 2^31', { stride: [0x7fffffff, 1] }),
  tensor('a negative size', { shape: [-1, 2] }),
  tensor('a million copies of one number', { shape: [0x7fffff, 0x7ff], stride: [0, 0] }),
  tensor('a storage that is too short', {}, new Uint8Array(4)),
  tensor('a storage at ../', { key: '../../../etc/passwd' }),
  tensor('an unknown storage', { type: 'QuantisedStorage' }),
  tensor('tensors that no HuBERT has', {}),
  {
    ...bin('3 GB of nothing behind a zip signature', () => four),
    make(root) {
      const folder = base(root);
      rmSync(join(folder, 'model.safetensors'));
      const fd = openSync(join(folder, 'pytorch_model.bin'), 'w');
      writeSync(fd, 'PK\x03\x04');
      ftruncateSync(fd, 3e9);
      closeSync(fd);
      cpSync(tiny('config.json'), join(folder, 'config.json'));
      return embed(root, join(root, 'good.wav'), folder);
    },
  },
];
