/** The sample rate of eSpeak NG, in Hz. */
export const VOICE_RATE = 22_050;

/** What eSpeak NG is told; its scales are 0 to 100, 50 being the voice as made. */
export type VoiceModel = {
  readonly name: string;
  readonly pitch: number;
  readonly pitchRange: number;
  readonly wordsPerMinute: number;
};

/** To the voice's thread: speak this, at `VOICE_RATE`. */
export type SpeakRequest = {
  readonly id: number;
  readonly text: string;
  readonly model: VoiceModel;
};
/** To the voice's thread: bring audio of `VOICE_RATE` to another rate. */
export type ConvertRequest = {
  readonly id: number;
  readonly pcm: Int16Array;
  readonly sampleRate: number;
};
/** From the voice's thread. */
export type RenderReply = {
  readonly id: number;
  readonly pcm?: Int16Array;
  readonly error?: string;
};
