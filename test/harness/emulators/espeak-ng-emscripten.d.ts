declare module '@echogarden/espeak-ng-emscripten' {
  /** The part of eSpeak NG's WebAssembly interface that the tests' voice uses. */
  export interface ESpeakNGWorker {
    /** 0 when the voice exists (`en-us`, or with a variant: `en-us+f3`). */
    set_voice(name: string): number;
    /** 0 to 100. */
    set_pitch(pitch: number): void;
    /** How far the pitch moves, 0 to 100. */
    set_range(range: number): void;
    /** Words a minute, 80 to 450. */
    set_rate(wordsPerMinute: number): void;
    get_samplerate(): number;
    /** Calls back with each piece of audio, at last with null; returning true stops it. */
    synthesize(text: string, onAudio: (audio: Int16Array | null) => boolean): void;
  }

  export default function createModule(): Promise<{ eSpeakNGWorker: new () => ESpeakNGWorker }>;
}
