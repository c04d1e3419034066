/** @file Run as a process of its own: what is reported of WebGPU, as JSON. */
import { tryDevice } from '../../../sidecar/engine/devices.ts';

console.log(JSON.stringify(await tryDevice('webgpu')));
