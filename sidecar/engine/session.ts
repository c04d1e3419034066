/** @file A compiled graph on a device. The only module, with runtime.ts and devices.ts, that knows onnxruntime. */
import type * as Runtime from 'onnxruntime-node';
import { allocatedCpus } from '../allocation.ts';
import { bindShapes, type Compiled } from './compile.ts';
import { ort } from './runtime.ts';
import { type Bindings, evaluate } from './shape.ts';

export type DeviceName = 'cpu' | 'webgpu' | 'cuda' | 'dml' | 'coreml';
export type FeedData = Float32Array | BigInt64Array;
export interface Feed {
  data: FeedData;
  shape: readonly number[];
}
/** A tensor that stays where the device left it; give it back with `dispose()`. */
export type DeviceTensor = Runtime.Tensor;

export interface SessionOptions {
  device: DeviceName;
  /** Outputs that stay on the device (WebGPU only). */
  keep?: readonly string[];
  /** Refuse to run any node on the CPU. */
  strict?: boolean;
  threads?: number;
  /** False: weights are used where they lie in their file, instead of copied into each session in packed form. */
  prepack?: boolean;
  /** 0 verbose … 4 fatal, as onnxruntime counts. */
  logLevel?: 0 | 1 | 2 | 3 | 4;
  profile?: string;
}

/** How many threads one session computes with: MILORE_THREADS, else what a scheduler gave, else all cores. */
const THREADS = Number(process.env.MILORE_THREADS) || allocatedCpus();

export class Session {
  /** The last values of each derived feed, with the sizes that they are for. */
  private readonly derived = new Map<string, Runtime.Tensor>();

  private constructor(
    private readonly session: Runtime.InferenceSession,
    private readonly compiled: Omit<Compiled, 'bytes'>,
  ) {}

  /** `model`: the compiled bytes, or a path to them where weights lie in files beside it. */
  static async open(
    model: Uint8Array | string,
    compiled: Omit<Compiled, 'bytes'>,
    options: SessionOptions,
  ): Promise<Session> {
    const { device, keep = [], strict = false, threads = THREADS, prepack = true } = options;
    const entries = {
      ...(strict ? { disable_cpu_ep_fallback: '1' } : {}),
      ...(prepack ? {} : { disable_prepacking: '1' }),
    };
    const session = {
      executionProviders: [device],
      enableMemPattern: false,
      executionMode: 'sequential' as const,
      logSeverityLevel: options.logLevel ?? 3,
      ...(threads ? { intraOpNumThreads: threads } : {}),
      ...(options.profile ? { enableProfiling: true, profileFilePrefix: options.profile } : {}),
      ...(keep.length > 0
        ? { preferredOutputLocation: Object.fromEntries(keep.map((name) => [name, 'gpu-buffer' as const])) }
        : {}),
      ...(Object.keys(entries).length > 0 ? { extra: { session: entries } } : {}),
    };
    const opened =
      typeof model === 'string'
        ? await ort.InferenceSession.create(model, session)
        : await ort.InferenceSession.create(model, session);
    return new Session(opened, compiled);
  }

  /**
   * Runs the graph once. `bindings` gives every symbol's size; unknown feeds are ignored, missing ones are an error.
   * @param fetch the outputs that are wanted; all of them unless told
   */
  async run(
    feeds: Readonly<Record<string, Feed | DeviceTensor>>,
    bindings: Bindings,
    fetch?: readonly string[],
  ): Promise<Record<string, DeviceTensor>> {
    const all: Record<string, Runtime.Tensor> = {};
    for (const name of this.compiled.inputs) {
      const feed = feeds[name];
      if (!feed) throw new Error(`internal: input ${name} was not fed`);
      all[name] = isDeviceTensor(feed) ? feed : toTensor(feed);
    }
    for (const [name, data] of bindShapes(this.compiled, bindings))
      all[name] = new ort.Tensor('int64', data, [data.length]);
    for (const feed of this.compiled.derived) all[feed.name] = this.derive(feed, bindings);
    const out = fetch ? this.session.run(all, fetch) : this.session.run(all);
    return (await out) as Record<string, Runtime.Tensor>;
  }

  private derive({ name, shape, from }: Compiled['derived'][number], bindings: Bindings): Runtime.Tensor {
    const sizes = shape.map((dim) => evaluate(dim, bindings));
    const before = this.derived.get(name);
    if (before && String(before.dims) === String(sizes)) return before;
    const tensor = toTensor({ data: from(bindings), shape: sizes });
    this.derived.set(name, tensor);
    return tensor;
  }

  /** Ends profiling and writes its file. */
  endProfiling(): void {
    this.session.endProfiling();
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

const toTensor = ({ data, shape }: Feed): Runtime.Tensor =>
  data instanceof Float32Array ? new ort.Tensor('float32', data, shape) : new ort.Tensor('int64', data, shape);

/** The numbers of an output that lies in main memory. */
export const floats = (tensor: DeviceTensor): Float32Array => tensor.data as Float32Array;
export const isDeviceTensor = (value: unknown): value is DeviceTensor => value instanceof ort.Tensor;
export const upload = toTensor;
