import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { requireDevice } from '../../sidecar/engine/devices.ts';
import { loaderView } from '../../sidecar/engine/libraries.ts';
import { missingForVulkan } from '../../sidecar/engine/vulkan-libraries.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'milore-vulkan-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A machine with these libraries, and drivers that name these; its own folders are not looked at. */
function machine(libraries: string[], drivers: string[], environment: NodeJS.ProcessEnv = {}) {
  mkdirSync(join(folder, 'lib'));
  mkdirSync(join(folder, 'icd.d'));
  for (const name of libraries) writeFileSync(join(folder, 'lib', name), '');
  for (const name of drivers)
    writeFileSync(join(folder, 'icd.d', `${name}.json`), `{"ICD":{"library_path":"${name}.so.0"}}`);
  const view = { ...loaderView(environment, new Map()), folders: [join(folder, 'lib')] };
  return missingForVulkan(view, [join(folder, 'icd.d'), join(folder, 'nowhere')]);
}

const OF_NVIDIA = ['libX11.so.6', 'libXext.so.6', 'libGLdispatch.so.0'];

it.each([
  ['no loader', [], ['libvulkan_radeon'], /no Vulkan loader/],
  ['no driver', ['libvulkan.so.1'], [], /no Vulkan driver/],
  // Seen on a server without X: onnxruntime says "No supported adapters" and nothing else.
  [
    'NVIDIA’s driver without X',
    ['libvulkan.so.1', 'libX11.so.6'],
    ['libGLX_nvidia'],
    /needs libXext\.so\.6, libGLdispatch\.so\.0 too .*apt-get install libx11-6 libxext6 libglvnd0/,
  ],
])('%s is said, with what it takes', (_, libraries, drivers, said) => {
  expect(machine(libraries, drivers)).toMatch(said);
});

it.each([
  ['NVIDIA’s driver and what it loads', ['libvulkan.so.1', ...OF_NVIDIA], ['libGLX_nvidia']],
  ['a driver of another maker', ['libvulkan.so.1'], ['libvulkan_radeon']],
  ['another driver beside one that cannot work', ['libvulkan.so.1'], ['libGLX_nvidia', 'libvulkan_lvp']],
])('%s lacks nothing', (_, libraries, drivers) => {
  expect(machine(libraries, drivers)).toBeUndefined();
});

it('a driver that a variable names is the one that counts', () => {
  const environment = { VK_DRIVER_FILES: join(folder, 'gone.json') };
  expect(machine(['libvulkan.so.1'], ['libvulkan_radeon'], environment)).toBe('no Vulkan driver on this machine');
});

it.skipIf(process.platform === 'darwin')(
  'a device that does not work here is refused in words, whatever was to be done',
  async () => {
    await expect(requireDevice('coreml', 'transcribe')).rejects.toThrow(
      /^Could not transcribe on coreml: not part of onnxruntime-node on this platform\. .*milore devices/,
    );
  },
);
