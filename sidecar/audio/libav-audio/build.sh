#!/bin/sh
# Makes libav-audio.wasm from the sources of FFmpeg that the npm package libav.js carries.
# Needs npm, clang and lld of LLVM 14 or later, llvm-ar, wasi-libc and the wasm32 runtime of compiler-rt, make
# (Debian: clang lld llvm wasi-libc libclang-rt-14-dev-wasm32 make). Takes about two minutes.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent libav.js@6.10.9 >/dev/null
tar xzf libav.js-6.10.9.tgz package/sources/ffmpeg-9.0.tar.xz
tar xJf package/sources/ffmpeg-9.0.tar.xz

decoders=aac,aac_latm,ac3,eac3,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,adpcm_g722,adpcm_g726,adpcm_yamaha,alac,amrnb,amrwb,ape,dss_sp,flac,g723_1,g729,gsm,gsm_ms,mace3,mace6,mp1float,mp2float,mp3float,opus,pcm_alaw,pcm_bluray,pcm_dvd,pcm_f32be,pcm_f32le,pcm_f64be,pcm_f64le,pcm_mulaw,pcm_s16be,pcm_s16be_planar,pcm_s16le,pcm_s16le_planar,pcm_s24be,pcm_s24le,pcm_s24le_planar,pcm_s32be,pcm_s32le,pcm_s32le_planar,pcm_s8,pcm_s8_planar,pcm_u16be,pcm_u16le,pcm_u24be,pcm_u24le,pcm_u32be,pcm_u32le,pcm_u8,pcm_vidc,pcm_lxf,qcelp,evrc,shorten,speex,truespeech,tta,vorbis,wavpack,wmalossless,wmapro,wmav1,wmav2,wmavoice
demuxers=aac,ac3,eac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dss,flac,gsm,iff,ircam,loas,matroska,mov,mp3,mpegps,mpegts,nistsphere,ogg,paf,pvf,shorten,sox,tta,voc,w64,wav,wv,xwma
parsers=aac,aac_latm,ac3,amr,flac,g729,gsm,mpegaudio,opus,vorbis
emulated='-lwasi-emulated-signal -lwasi-emulated-process-clocks -lwasi-emulated-getpid'
ffmpeg-9.0/configure --enable-cross-compile --target-os=none --arch=wasm32 \
  --cc='clang --target=wasm32-wasi' --cxx=false --ar=llvm-ar --nm=llvm-nm --ranlib=llvm-ranlib --strip=true \
  --extra-cflags='-O3 -msimd128 -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_GETPID' \
  --extra-ldflags="$emulated" --optflags=-O3 \
  --disable-all --disable-everything --disable-autodetect --disable-asm --disable-inline-asm --disable-pthreads \
  --disable-network --disable-debug --disable-runtime-cpudetect --disable-iconv --disable-zlib \
  --enable-avcodec --enable-avformat --enable-avutil --enable-swresample \
  --enable-decoder=$decoders --enable-demuxer=$demuxers --enable-parser=$parsers
make -j2
clang --target=wasm32-wasi -mexec-model=reactor -O3 -msimd128 -I. -Iffmpeg-9.0 "$here/decode.c" \
  libavformat/libavformat.a libavcodec/libavcodec.a libswresample/libswresample.a libavutil/libavutil.a -lm $emulated \
  -Wl,--max-memory=268435456 -Wl,-z,stack-size=1048576 -Wl,--strip-all -Wl,--gc-sections -o "$here/libav-audio.wasm"
