/** @file Whether this processor multiplies 8-bit numbers faster than float32: read from the machine, not measured. */
import { readFileSync } from 'node:fs';

/** On x64 VNNI, on arm64 the dot product; anything else has neither or does not say. */
export interface EightBit {
  has: boolean;
  /** The instructions, or why they are not known. */
  why: string;
}

const X64 = ['avx512_vnni', 'avx_vnni', 'amx_int8'];
const ARM64 = ['asimddp', 'i8mm'];

/** @param read gives the text of /proc/cpuinfo */
export function eightBitInstructions(
  { platform, arch }: Pick<NodeJS.Process, 'platform' | 'arch'> = process,
  read: () => string = () => readFileSync('/proc/cpuinfo', 'utf8'),
): EightBit {
  // Every Mac with Apple's own processor has the dot product (ARMv8.4).
  if (platform === 'darwin' && arch === 'arm64') return { has: true, why: 'asimddp' };
  const wanted = arch === 'x64' ? X64 : arch === 'arm64' ? ARM64 : [];
  if (platform !== 'linux') return { has: false, why: `${platform} does not say what its processor can do` };
  let text: string;
  try {
    text = read();
  } catch {
    return { has: false, why: '/proc/cpuinfo cannot be read' };
  }
  const flags = new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1].trim().split(/\s+/) ?? []);
  const found = wanted.filter((flag) => flags.has(flag));
  return found.length > 0
    ? { has: true, why: found.join(', ') }
    : { has: false, why: `the processor has none of ${wanted.join(', ')}` };
}
