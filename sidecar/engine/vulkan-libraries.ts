/** @file What WebGPU needs of a Linux machine: a Vulkan loader, a driver, and what the driver itself loads. Loads nothing. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findLibrary, type LoaderView, loaderView } from './libraries.ts';

const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/** NVIDIA's driver is a GLX library, also where there is no screen; a server without X lacks what that one loads. */
const OF_NVIDIA = ['libX11.so.6', 'libXext.so.6', 'libGLdispatch.so.0'];

/** @returns why WebGPU cannot work here, or undefined where nothing is known to lack */
export function missingForVulkan(view: LoaderView = loaderView(), driverFolders = DRIVER_FOLDERS): string | undefined {
  if (!findLibrary('libvulkan.so.1', view)) return 'no Vulkan loader (libvulkan.so.1) on this machine';
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES } = view.environment;
  const named = VK_DRIVER_FILES ?? VK_ICD_FILENAMES;
  const drivers = named ? named.split(':').filter((path) => existsSync(path)) : driverFolders.flatMap(descriptions);
  if (drivers.length === 0) return 'no Vulkan driver on this machine';
  if (!drivers.every(isOfNvidia)) return undefined;
  const lacking = OF_NVIDIA.filter((name) => !findLibrary(name, view));
  if (lacking.length === 0) return undefined;
  return `NVIDIA's Vulkan driver needs ${lacking.join(', ')} too (Debian and Ubuntu: apt-get install libx11-6 libxext6 libglvnd0)`;
}

const descriptions = (folder: string) =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => join(folder, name))
    : [];

function isOfNvidia(description: string): boolean {
  try {
    return readFileSync(description, 'utf8').includes('libGLX_nvidia');
  } catch {
    return false;
  }
}
