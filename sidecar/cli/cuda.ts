/** @file `milore cuda`: fetches what onnxruntime needs for an NVIDIA card, and says what that needs of the machine. */
import { Command } from 'commander';
import { cudaSupport, fetchCuda } from '../hub/cuda.ts';
import { sizeInWords } from '../machine.ts';
import type { CudaSupport } from '../protocol/hub-messages.ts';
import { table, tell, tellJson } from './output.ts';

export const cuda = () =>
  new Command('cuda')
    .description(
      'Fetch onnxruntime’s CUDA provider into a folder of its own (64-bit Linux); goes on where it was stopped.',
    )
    .option('--check', 'fetch nothing: say what is there, and what it needs', false)
    .option('--json', 'JSON on standard output', false)
    .action(async ({ check, json }: { check: boolean; json: boolean }) => {
      const live = process.stderr.isTTY === true && !json;
      const progress = (done: number, total: number, detail = '') =>
        live && process.stderr.write(`\r\x1b[2K${detail} ${sizeInWords(done)} of ${sizeInWords(total)}`);
      const support = check ? cudaSupport() : await fetchCuda({ signal: new AbortController().signal, progress });
      if (live) process.stderr.write('\r\x1b[2K');
      if (json) tellJson(support);
      else tell(inWords(support));
    });

function inWords({ folder, fetched, version, sha512, libraries }: CudaSupport): string {
  const lines = [
    fetched ? `The provider for onnxruntime ${version} lies in ${folder}.` : `It has not been fetched into ${folder}.`,
    ...(sha512 ? [`Its package has the SHA-512 that its feed names: ${sha512}`] : []),
    '',
    'It needs CUDA 12, cuDNN 9 and an NVIDIA driver:',
    table(
      libraries.map(({ name, of, path }) => [of, name, path ?? 'not found']),
      3,
    ),
  ];
  const missing = libraries.filter(({ path }) => !path);
  if (missing.length > 0)
    lines.push(
      '',
      `Where ${missing.length === 1 ? 'it lies' : 'they lie'} elsewhere, name the folder in LD_LIBRARY_PATH.`,
    );
  else if (fetched) lines.push('', '"milore devices" says whether it works.');
  return lines.join('\n');
}
