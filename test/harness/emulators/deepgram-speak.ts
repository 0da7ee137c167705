import type { RawData, WebSocket } from 'ws';
import { toBuffer } from './deepgram-listen.ts';
import type { SpeakParams } from './deepgram-params.ts';
import type { FaultySocket } from './faulty-socket.ts';
import { field, parseJson } from './json.ts';

/** One piece of text as synthesised. */
export type TtsEntry = {
  readonly text: string;
  readonly pcm: Int16Array;
  readonly sampleRate: number;
  /** When the text was complete, in milliseconds since the epoch. */
  readonly atMs: number;
  /** The process that asked for it; null when it did not say. */
  readonly client: number | null;
};

type SpeakSession = {
  readonly requestId: string;
  readonly params: SpeakParams;
  readonly socket: WebSocket;
  readonly sender: FaultySocket;
  readonly ttsLatencyMs: number;
  readonly render: (text: string, sampleRate: number) => Promise<Int16Array>;
  readonly onSpoken: (entry: Omit<TtsEntry, 'client'>) => void;
};

/** Measured at Aura-2: after its first byte it sends six times as fast as one listens. */
const PACE = 6;
const CHUNK_MS = 100;
/** https://developers.deepgram.com/docs/tts-ws-flush and tts-websocket-streaming. */
const MAX_FLUSHES_PER_MINUTE = 20;
const MAX_TEXT_LENGTH = 2_000;

/** Serves one voice over a WebSocket (https://developers.deepgram.com/docs/tts-websocket). */
export function serveSpeak(session: SpeakSession): void {
  const voice = new StreamedVoice(session);
  session.socket.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary) session.sender.close(1003, 'MESSAGE-0000: the message must be text');
    else voice.obey(toBuffer(data).toString('utf8'));
  });
}

class StreamedVoice {
  readonly #session: SpeakSession;
  #text = '';
  /** Grows with each `Clear`: audio of an earlier one is not sent any more. */
  #generation = 0;
  #speaking: Promise<void> = Promise.resolve();
  /** Nothing is sent before: so the pace holds over several texts. */
  #nextChunkMs = 0;
  #flushes: number[] = [];
  #sequenceId = 0;

  constructor(session: SpeakSession) {
    this.#session = session;
    session.sender.send({
      type: 'Metadata',
      request_id: session.requestId,
      model_name: session.params.model,
      model_version: '2026-04-14.0',
      model_uuid: '6fb8d9a5-8b3a-4c2e-9a44-1d8f1f6ab3c1',
    });
  }

  obey(text: string): void {
    const message = parseJson(text);
    switch (field(message, 'type')) {
      case 'Speak':
        return this.#speak(field(message, 'text'));
      case 'Flush':
        return this.#flush();
      case 'Clear':
        return this.#clear();
      case 'Close':
        return this.#close();
      default:
        return this.#refuse('The message is not one of Speak, Flush, Clear, Close.');
    }
  }

  #speak(text: unknown): void {
    if (typeof text !== 'string') return this.#refuse('missing field `text`');
    if (text.length > MAX_TEXT_LENGTH) {
      return this.#warn(
        'TEXT_LENGTH_EXCEEDED',
        `Text is longer than ${MAX_TEXT_LENGTH} characters.`,
      );
    }
    this.#text += text;
    // A whole sentence is spoken at once; the rest waits for more, or for the flush.
    if (/[.!?]["')\]]*\s*$/.test(this.#text)) this.#synthesise();
  }

  #flush(): void {
    const now = Date.now();
    this.#flushes = this.#flushes.filter((atMs) => atMs > now - 60_000);
    if (this.#flushes.length >= MAX_FLUSHES_PER_MINUTE) {
      const limit = `${MAX_FLUSHES_PER_MINUTE} flushes in 60 seconds`;
      return this.#warn('EXCESSIVE_FLUSH', `Flush is ignored: more than ${limit}.`);
    }
    this.#flushes.push(now);
    this.#synthesise();
    this.#afterSpeech(() => this.#session.sender.send(this.#confirmation('Flushed')));
  }

  #clear(): void {
    this.#text = '';
    this.#generation += 1;
    this.#nextChunkMs = 0;
    this.#session.sender.send(this.#confirmation('Cleared'));
  }

  #close(): void {
    this.#synthesise();
    this.#afterSpeech(() => this.#session.sender.close(1000, ''));
  }

  #synthesise(): void {
    const text = this.#text.trim();
    this.#text = '';
    if (text === '') return;
    const { params, ttsLatencyMs, render, onSpoken } = this.#session;
    const { sampleRate } = params;
    const atMs = Date.now();
    const firstChunkMs = performance.now() + ttsLatencyMs;
    const rendering = render(text, sampleRate);
    // Awaited in turn below; a failure must not be unhandled until then.
    rendering.catch(() => {});
    const generation = this.#generation;
    this.#afterSpeech(async () => {
      const pcm = await rendering;
      if (generation !== this.#generation) return;
      onSpoken({ text, pcm, sampleRate, atMs });
      this.#send(pcm, firstChunkMs, generation);
    });
  }

  #send(pcm: Int16Array, firstChunkMs: number, generation: number): void {
    const { sender, params } = this.#session;
    const samples = (params.sampleRate * CHUNK_MS) / 1_000;
    this.#nextChunkMs = Math.max(this.#nextChunkMs, firstChunkMs);
    for (let offset = 0; offset < pcm.length; offset += samples) {
      const chunk = toBytes(pcm.subarray(offset, offset + samples));
      sender.send(
        chunk,
        this.#nextChunkMs - performance.now(),
        () => generation === this.#generation,
      );
      this.#nextChunkMs += CHUNK_MS / PACE;
    }
  }

  /** In order, one after the other; a text that cannot be spoken ends the connection. */
  #afterSpeech(act: () => void | Promise<void>): void {
    this.#speaking = this.#speaking.then(act).catch((error: unknown) => {
      this.#session.sender.send({ type: 'Error', description: String(error), code: 'INTERNAL' });
      this.#session.sender.close(1011, 'NET-0002: internal error');
    });
  }

  #confirmation(type: 'Flushed' | 'Cleared') {
    const sequenceId = this.#sequenceId;
    this.#sequenceId += 1;
    return { type, sequence_id: sequenceId };
  }

  #warn(code: string, description: string): void {
    this.#session.sender.send({
      type: 'Warning',
      code,
      description,
      warn_code: code,
      warn_msg: description,
    });
  }

  #refuse(description: string): void {
    this.#session.sender.send({ type: 'Error', code: 'DATA-0000', description });
    this.#session.sender.close(1008, 'DATA-0000: the payload cannot be decoded');
  }
}

/** Little-endian, as on the wire. */
export function toBytes(pcm: Int16Array): Buffer {
  const bytes = Buffer.alloc(pcm.length * 2);
  for (const [i, sample] of pcm.entries()) bytes.writeInt16LE(sample, i * 2);
  return bytes;
}
