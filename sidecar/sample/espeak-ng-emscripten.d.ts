/** The part of @echogarden/espeak-ng-emscripten that is used here; the package brings no types. */
declare module '@echogarden/espeak-ng-emscripten' {
  interface Worker {
    /** `fi+m3`: language and variant. 0 is success. */
    set_voice(name: string): number;
    set_rate(wordsPerMinute: number): number;
    /** 0 to 100 */
    set_pitch(pitch: number): number;
    get_samplerate(): number;
    synthesize(text: string, onAudio: (samples: Int16Array | null) => boolean | undefined): void;
  }
  export default function load(): Promise<{ eSpeakNGWorker: new () => Worker | Promise<Worker> }>;
}
