/** @file A file of torch.save as named tensors, whichever its container. Must not know any model. */
import { BYTES_PER_ELEMENT, countElements, damaged, OpenTensors, type TensorFile } from '../tensor-file.ts';
import { CONVERT, openTorch, type TorchContainer } from './container.ts';
import { type Dict, TorchTensor } from './values.ts';

/** A view may repeat elements (stride 0), or leave some out, up to this many, and then only in proportion. */
const SPARSE_LIMIT = 1 << 20;
const SPARSE_FACTOR = 64;

/** `pytorch_model.bin`: a dictionary of tensors and nothing else. @throws UserError */
export function openPickle(file: string): TensorFile {
  const container = openTorch(file);
  try {
    if (!(container.value instanceof Map)) throw damaged(file, 'its pickle is no dictionary of tensors.', CONVERT);
    return torchTensors(container, container.value);
  } catch (error) {
    container.close();
    throw error;
  }
}

/** The tensors among the entries of `dict`; closing them closes the container. @throws UserError where there are none */
export function torchTensors(container: TorchContainer, dict: Dict): TensorFile {
  const { path: file } = container;
  const tensors = new Map<string, TorchTensor>();
  const others: string[] = [];
  for (const [name, value] of dict) {
    if (typeof name !== 'string') throw damaged(file, 'its dictionary has a key that is no text.', CONVERT);
    if (value instanceof TorchTensor) {
      checkView(file, name, value);
      tensors.set(name, value);
    } else others.push(name);
  }
  if (tensors.size === 0) {
    const found = others.slice(0, 8).join(', ') || 'nothing';
    throw damaged(file, `it holds no tensors at its top level, only ${found}.`, CONVERT);
  }
  return new TorchTensors(container, tensors, others);
}

function checkView(file: string, name: string, tensor: TorchTensor): void {
  const { storage, shape } = tensor;
  const fail = (why: string) => damaged(file, `of the tensor "${name}", ${why}.`);
  const count = countElements(shape);
  if (typeof count === 'string') throw fail(count);
  if (count === 0) return;
  const last = lastElement(tensor);
  if (!Number.isSafeInteger(last) || last >= storage.elements) {
    throw fail(`element ${last} is needed, but its storage "${storage.key}" has ${storage.elements}`);
  }
  if (count > Math.max(storage.elements, SPARSE_LIMIT)) {
    throw fail(`shape [${shape}] makes ${count} elements of a storage of ${storage.elements}`);
  }
  const span = last + 1 - tensor.offset;
  if (span > Math.max(count * SPARSE_FACTOR, SPARSE_LIMIT)) {
    throw fail(`its ${count} elements lie strewn over ${span}`);
  }
}

const lastElement = ({ offset, shape, stride }: TorchTensor) =>
  shape.reduce((sum, size, axis) => sum + (size - 1) * stride[axis], offset);

class TorchTensors extends OpenTensors<TorchTensor> {
  constructor(
    private readonly container: TorchContainer,
    entries: Map<string, TorchTensor>,
    others: readonly string[],
  ) {
    super(container.path, entries, {}, others);
  }

  protected bytesOf(name: string, tensor: TorchTensor): Uint8Array<ArrayBuffer> {
    const { storage, offset, shape, stride } = tensor;
    const start = this.container.start(storage, name);
    const width = BYTES_PER_ELEMENT[storage.dtype];
    if (shape.includes(0)) return new Uint8Array(0);
    const data = this.container.read(start + offset * width, (lastElement(tensor) + 1 - offset) * width);
    return gather(data, width, shape, stride);
  }

  close(): void {
    this.container.close();
  }
}

/** A strided view, from the first of `data` on, as row-major bytes of its own. */
function gather(data: Uint8Array<ArrayBuffer>, width: number, shape: number[], stride: number[]) {
  const contiguous = shape.every((size, axis) => {
    return size === 1 || stride[axis] === shape.slice(axis + 1).reduce((product, n) => product * n, 1);
  });
  if (contiguous) return data;
  const count = shape.reduce((product, size) => product * size, 1);
  const bytes = new Uint8Array(count * width);
  const index = shape.map(() => 0);
  for (let i = 0, from = 0; i < count; i++) {
    bytes.set(data.subarray(from * width, (from + 1) * width), i * width);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += stride[axis];
      if (++index[axis] < shape[axis]) break;
      from -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return bytes;
}
