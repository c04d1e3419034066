/** @file Which execution providers really work: each runs a tiny graph and is compared with the CPU before it is trusted. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { compile } from './compile.ts';
import { CUDA_PROVIDER, missingForCuda } from './cuda-libraries.ts';
import { gradients } from './gradient.ts';
import { Graph } from './graph.ts';
import { gelu, mul } from './ops/elementwise.ts';
import { gemm } from './ops/linear.ts';
import { layerNorm } from './ops/normalise.ts';
import { softmax, sum } from './ops/reduce.ts';
import { librariesOf, ort, runtimeFolder } from './runtime.ts';
import { type DeviceName, floats, Session } from './session.ts';
import { missingForVulkan } from './vulkan-libraries.ts';

/** In the order that `auto` tries them. */
export const DEVICES: readonly DeviceName[] = ['cuda', 'webgpu', 'dml', 'coreml', 'cpu'];

export interface DeviceReport {
  device: DeviceName;
  usable: boolean;
  /** Why not, or how far its numbers lie from the CPU's. */
  reason: string;
}

/** A block of everything that training leans on, with its gradient; outputs `loss` and `gradient`. */
function probe() {
  const graph = new Graph();
  const x = graph.input('x', [8, 16]);
  const w = graph.input('w', [16, 16]);
  const ones = graph.constant(new Float32Array(16).fill(1), [16]);
  const zeros = graph.constant(new Float32Array(16), [16]);
  const y = softmax(layerNorm(gelu(gemm(x, w, zeros)), ones, zeros, 1e-5));
  const loss = sum(mul(y, y), [0, 1]);
  return compile({ loss, gradient: gradients(loss, [w])[0] }, 'portable');
}

const wave = (n: number, phase: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.7 + phase));

async function run(device: DeviceName): Promise<Float32Array> {
  const { bytes, ...compiled } = probe();
  const session = await Session.open(bytes, compiled, { device, strict: device !== 'cpu', logLevel: 4 });
  try {
    const out = await session.run(
      { x: { data: wave(128, 0), shape: [8, 16] }, w: { data: wave(256, 1), shape: [16, 16] } },
      {},
    );
    return Float32Array.from([...floats(out.loss), ...floats(out.gradient)]);
  } finally {
    await session.release();
  }
}

/** Tries one device. Never throws: a device that fails is reported with its reason. */
export async function tryDevice(device: DeviceName): Promise<DeviceReport> {
  if (device === 'cpu') return { device, usable: true, reason: 'always there' };
  if (!ort.listSupportedBackends().some(({ name }) => name === device))
    return { device, usable: false, reason: 'not part of onnxruntime-node on this platform' };
  const lacks = missingLibrary(device);
  if (lacks) return { device, usable: false, reason: lacks };
  try {
    const [ours, theirs] = [await run('cpu'), await run(device)];
    const worst = ours.reduce((w, x, i) => Math.max(w, Math.abs(x - theirs[i])), 0);
    if (worst < 1e-4) return { device, usable: true, reason: `agrees with the CPU within ${worst.toExponential(1)}` };
    return { device, usable: false, reason: `its numbers differ from the CPU's by ${worst.toExponential(1)}` };
  } catch (error) {
    return {
      device,
      usable: false,
      reason: readable(error),
    };
  }
}

/** onnxruntime's messages begin with its own source lines; what went wrong comes last. */
const readable = (error: unknown) =>
  String((error as Error).message)
    .split('\n')[0]
    .replace(/^.*::\S*\s?(was false\. )?/, '')
    .slice(-160);

/** Asked first, since onnxruntime and Dawn complain on standard error about libraries that are not there. */
function missingLibrary(device: DeviceName): string | undefined {
  if (process.platform !== 'linux') return undefined;
  if (device === 'cuda') {
    if (!existsSync(join(librariesOf(runtimeFolder()), CUDA_PROVIDER)))
      return 'its libraries are not installed: "milore cuda" fetches them';
    const missing = missingForCuda();
    return missing.length === 0 ? undefined : `${missing.join(', ')} not found on this machine (CUDA 12 and cuDNN 9)`;
  }
  return device === 'webgpu' ? missingForVulkan() : undefined;
}

/** @param purpose what is to be done there, as in "train" */
export async function requireDevice(wanted: DeviceName | 'auto', purpose: string) {
  const selected = await selectDevice(wanted);
  const { device, usable, reason } = selected.chosen;
  if (usable) return selected;
  throw new UserError({
    code: 'device.unusable',
    tried: `${purpose} on ${device}`,
    why: `${reason}.`,
    cure: 'Run "milore devices" to see what works here, or use --device auto.',
  });
}

/** The device to use, and why those before it in the order were passed over. */
export async function selectDevice(
  wanted: DeviceName | 'auto',
): Promise<{ chosen: DeviceReport; passedOver: DeviceReport[] }> {
  const passedOver: DeviceReport[] = [];
  for (const device of wanted === 'auto' ? DEVICES : [wanted]) {
    const report = await tryDevice(device);
    if (report.usable) return { chosen: report, passedOver };
    passedOver.push(report);
  }
  return { chosen: passedOver[passedOver.length - 1], passedOver: passedOver.slice(0, -1) };
}
