// The thread in which voice.ts synthesises: eSpeak NG blocks for 0.1 s a line.
import { parentPort } from 'node:worker_threads';
import createModule from '@echogarden/espeak-ng-emscripten';
import { joinPcm } from './join-pcm.ts';
import { resample } from './resample.ts';
import {
  type ConvertRequest,
  type RenderReply,
  type SpeakRequest,
  VOICE_RATE,
} from './voice-protocol.ts';

/** Silence kept before and after the words, so that a line's length is the length of its speech. */
const EDGE_MS = 20;
/** Below this (of 32,768) a sample counts as silence at the edges. */
const EDGE_LEVEL = 150;

const port = parentPort;
if (!port) throw new Error('voice-worker.ts runs as a worker thread only');

const espeak = await createModule();
const worker = new espeak.eSpeakNGWorker();
if (worker.get_samplerate() !== VOICE_RATE) throw new Error('eSpeak NG speaks at another rate');

port.on('message', (request: SpeakRequest | ConvertRequest) => {
  try {
    const pcm = 'text' in request ? synthesise(request) : convert(request);
    port.postMessage({ id: request.id, pcm } satisfies RenderReply, [pcm.buffer]);
  } catch (error) {
    port.postMessage({ id: request.id, error: String(error) } satisfies RenderReply);
  }
});

function convert({ pcm, sampleRate }: ConvertRequest): Int16Array<ArrayBuffer> {
  return Int16Array.from(resample(pcm, VOICE_RATE, sampleRate));
}

function synthesise({ text, model }: SpeakRequest): Int16Array<ArrayBuffer> {
  // A voice that does not exist leaves the one before in place.
  if (worker.set_voice(model.name) !== 0) throw new Error(`No such voice: ${model.name}`);
  worker.set_pitch(model.pitch);
  worker.set_range(model.pitchRange);
  worker.set_rate(model.wordsPerMinute);
  const chunks: Int16Array[] = [];
  worker.synthesize(text, (chunk) => {
    if (chunk) chunks.push(chunk);
    return false;
  });
  return Int16Array.from(trim(joinPcm(chunks), Math.round((VOICE_RATE * EDGE_MS) / 1_000)));
}

const isLoud = (sample: number) => Math.abs(sample) > EDGE_LEVEL;

function trim(pcm: Int16Array, edgeSamples: number): Int16Array {
  const first = pcm.findIndex(isLoud);
  if (first < 0) return pcm.subarray(0, 0);
  const last = pcm.findLastIndex(isLoud);
  return pcm.subarray(Math.max(0, first - edgeSamples), last + edgeSamples);
}
