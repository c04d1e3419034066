/** @file Where a Vulkan driver is found on Linux, and what to say where there is none. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const CARDS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/nvidia/share/vulkan/icd.d'];

const given = () => process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
const cards = () =>
  CARDS.filter(existsSync).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(folder, name)),
  );

/** SwiftShader where nobody has chosen a driver and no card has brought one. */
export function driverEnvironment(): Record<string, string> {
  const free = process.platform === 'linux' && given() === undefined && cards().length === 0;
  return free && existsSync(SWIFTSHADER) ? { VK_ICD_FILENAMES: SWIFTSHADER } : {};
}

/** Tests that the user has turned off by MILORE_NO_GPU_TESTS=1. */
export const turnedOff = process.env.MILORE_NO_GPU_TESTS === '1';

/** Throws where no driver can be found; Windows and macOS bring their own. */
export function requireDriver(): void {
  if (process.platform !== 'linux') return;
  const files = given()?.split(':') ?? cards();
  if (files.some(existsSync)) return;
  const looked = given() === undefined ? [...CARDS, SWIFTSHADER] : files;
  throw new Error(
    `No Vulkan driver file was found (looked at ${looked.join(', ')}). ` +
      'These tests run on a graphics card, or on SwiftShader: on Debian "apt-get install -y chromium libvulkan1". ' +
      'To do without them, set MILORE_NO_GPU_TESTS=1.',
  );
}
