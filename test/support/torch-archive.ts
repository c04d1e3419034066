/** @file Builds torch.save archives for tests, good and hostile: a zip of stored entries around a hand-written pickle. */
import { zipSync } from 'fflate';

const ascii = (text: string) => [...Buffer.from(text, 'latin1')];
const u32 = (n: number) => [n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24];

/** Pickle opcodes as functions returning bytes. */
export const op = {
  proto: [0x80, 2],
  stop: [0x2e],
  dict: [0x7d],
  mark: [0x28],
  tuple: [0x74],
  setItems: [0x75],
  reduce: [0x52],
  persistentId: [0x51],
  false: [0x89],
  emptyTuple: [0x29],
  text: (text: string) => [0x58, ...u32(Buffer.byteLength(text)), ...Buffer.from(text)],
  int: (n: number) => [0x4a, ...u32(n)],
  tupleOf: (items: number[][]) => [0x28, ...items.flat(), 0x74],
  global: (module: string, name: string) => ascii(`c${module}\n${name}\n`),
};

export interface View {
  key: string;
  type?: string;
  elements: number;
  offset?: number;
  shape: number[];
  stride: number[];
}

/** The opcodes of one `torch._utils._rebuild_tensor_v2(...)`. */
export function tensorPickle({ key, type = 'FloatStorage', elements, offset = 0, shape, stride }: View): number[] {
  const storage = op.tupleOf([
    op.text('storage'),
    op.global('torch', type),
    op.text(key),
    op.text('cpu'),
    op.int(elements),
  ]);
  const call = [
    ...op.mark,
    ...storage,
    ...op.persistentId,
    ...op.int(offset),
    ...op.tupleOf(shape.map(op.int)),
    ...op.tupleOf(stride.map(op.int)),
    ...op.false,
    ...op.global('collections', 'OrderedDict'),
    ...op.emptyTuple,
    ...op.reduce,
    ...op.tuple,
  ];
  return [...op.global('torch._utils', '_rebuild_tensor_v2'), ...call, ...op.reduce];
}

export function dictPickle(items: Record<string, number[]>): number[] {
  const pairs = Object.entries(items).flatMap(([name, value]) => [...op.text(name), ...value]);
  return [...op.proto, ...op.dict, ...op.mark, ...pairs, ...op.setItems, ...op.stop];
}

export function archive(
  pickle: number[] | Uint8Array,
  storages: Record<string, Uint8Array> = {},
  options: { level?: 0 | 6; byteOrder?: string } = {},
): Uint8Array {
  const entries: Record<string, Uint8Array> = { 'a/data.pkl': Uint8Array.from(pickle) };
  if (options.byteOrder) entries['a/byteorder'] = Buffer.from(options.byteOrder);
  for (const [key, bytes] of Object.entries(storages)) entries[`a/data/${key}`] = bytes;
  return zipSync(entries, { level: options.level ?? 0 });
}
