// What the package carries that is not a folder of node_modules of its own: libraries that others compiled into their
// modules, and ours. `within` is the npm package (or the file in dist/) that brings it; `on` the platforms, all without it.
// Whoever updates one of those packages looks whether this is still so.

const wasmAudioDecoders = 'https://github.com/eshaz/wasm-audio-decoders (its modules/ folder names the very commit)';

export const parts = [
  {
    name: 'FFmpeg 9.0 (libavformat, libavcodec, libswresample, libavutil)',
    licence: 'LGPL-2.1-or-later',
    source:
      'ffmpeg-9.0.tar.xz, unchanged, as it lies in the npm package libav.js 6.10.9 under sources/, and https://ffmpeg.org; ' +
      'sidecar/audio/libav-audio in this package holds what is ours and the script that builds libav-audio.wasm from both. ' +
      'dist/libav-audio.wasm may be replaced by another build.',
    within: 'libav-audio.wasm',
    texts: ['sidecar/audio/libav-audio/LICENSE'],
  },
  {
    name: 'wasi-libc with musl',
    licence: 'MIT',
    source: 'https://github.com/WebAssembly/wasi-libc',
    within: 'libav-audio.wasm',
    texts: ['musl.txt'],
  },
  {
    name: 'mpg123 (libmpg123)',
    licence: 'LGPL-2.1-only',
    source: `https://www.mpg123.de, and as it was compiled: ${wasmAudioDecoders}. It lies as a text in the unminified dist/*.js and may be replaced by another build of mpg123-decoder.`,
    within: 'mpg123-decoder',
    texts: ['sidecar/audio/libav-audio/LICENSE'],
  },
  {
    name: 'Opus (libopus)',
    licence: 'BSD-3-Clause',
    source: `https://opus-codec.org, and as it was compiled: ${wasmAudioDecoders}`,
    within: 'opus-decoder',
    texts: ['bsd-opus.txt'],
  },
  {
    name: 'libvorbis and libogg',
    licence: 'BSD-3-Clause',
    source: `https://xiph.org, and as they were compiled: ${wasmAudioDecoders}`,
    within: '@wasm-audio-decoders/ogg-vorbis',
    texts: ['bsd-xiph.txt'],
  },
  {
    name: 'puff (zlib)',
    licence: 'Zlib',
    source: wasmAudioDecoders,
    within: '@wasm-audio-decoders/common',
    texts: ['zlib-puff.txt'],
  },
  {
    name: 'musl, as Emscripten compiles it into the decoders and the resampler',
    licence: 'MIT',
    source: 'https://github.com/emscripten-core/emscripten',
    within: '@wasm-audio-decoders/common',
    texts: ['musl.txt'],
  },
  {
    name: 'libsamplerate (Secret Rabbit Code)',
    licence: 'BSD-2-Clause',
    source: 'https://libsndfile.github.io/libsamplerate/; its text stands with @alexanderolsen/libsamplerate-js',
    within: '@alexanderolsen/libsamplerate-js',
    texts: ['node_modules/@alexanderolsen/libsamplerate-js/LICENSE.md'],
  },
  {
    name: 'GNU General Public License 3, to which the LGPL 3 of codec-parser refers',
    licence: 'text alone',
    source: 'https://www.gnu.org/licenses/gpl-3.0.txt; of the GPL itself, nothing is in this package',
    within: 'codec-parser',
    texts: ['gpl-3.txt'],
  },
  {
    name: 'ISO 639-3 code tables',
    licence: 'terms of SIL International',
    source: 'https://iso639-3.sil.org: unmodified, as the npm package iso-639-3 has them',
    within: 'iso-639-3',
    texts: ['iso-639-3.txt'],
  },
  {
    name: 'What onnxruntime itself contains',
    licence: 'see each',
    source: 'https://github.com/microsoft/onnxruntime, ThirdPartyNotices.txt of 1.30.0',
    within: 'onnxruntime-node',
    texts: ['onnxruntime-third-party.txt'],
  },
  {
    name: 'DirectX Shader Compiler (dxcompiler.dll)',
    licence: 'NCSA',
    source: 'https://github.com/microsoft/DirectXShaderCompiler',
    within: 'onnxruntime-node',
    on: /^win32-/,
    texts: ['ncsa-llvm.txt'],
  },
  {
    // Built from the compiler's own repository since 1.8.2407; 1.8.2502 is what its version resource says.
    name: 'DirectX validator 1.8.2502 (dxil.dll)',
    licence: 'NCSA',
    source: 'https://github.com/microsoft/DirectXShaderCompiler, as onnxruntime-node ships it',
    within: 'onnxruntime-node',
    on: /^win32-/,
    texts: ['ncsa-llvm.txt'],
  },
  {
    name: 'DirectML 1.15.4 (DirectML.dll)',
    licence: 'Microsoft’s terms for DirectML',
    source: 'https://www.nuget.org/packages/Microsoft.AI.DirectML/1.15.4, as onnxruntime-node ships it',
    within: 'onnxruntime-node',
    on: /^win32-/,
    texts: ['directml.txt'],
  },
];
