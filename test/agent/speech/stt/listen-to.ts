import { tts } from '@livekit/agents';

/** All that a voice gave for a text: its samples at the voice's rate, and the text it reported. */
type Heard = {
  readonly samples: number[];
  readonly text: string;
  readonly rates: ReadonlySet<number>;
  /** Whether it came to its end; if not, an error was emitted. */
  readonly isWhole: boolean;
};

/** Lets the voice read the text aloud, and listens to the end. */
export async function listenTo(voice: tts.TTS, text: string): Promise<Heard> {
  const stream = voice.stream();
  stream.pushText(text);
  stream.endInput();
  return hearOut(stream);
}

/** Listens to what is left of a stream. */
export async function hearOut(stream: tts.SynthesizeStream): Promise<Heard> {
  const samples: number[] = [];
  const rates = new Set<number>();
  let text = '';
  for await (const audio of stream) {
    if (audio === tts.SynthesizeStream.END_OF_STREAM) {
      return { samples, text, rates, isWhole: true };
    }
    for (const sample of audio.frame.data) samples.push(sample);
    rates.add(audio.frame.sampleRate);
    text += (audio.timedTranscripts ?? []).map((timed) => timed.text).join('');
  }
  return { samples, text, rates, isWhole: false };
}
