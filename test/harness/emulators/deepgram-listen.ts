import { createHash, randomUUID } from 'node:crypto';
import type { RawData, WebSocket } from 'ws';
import type { ListenParams } from './deepgram-params.ts';
import type { FaultySocket } from './faulty-socket.ts';
import { field, parseJson } from './json.ts';
import type { Recogniser, SpokenWord } from './recogniser.ts';
import { type HeardEvent, Utterances } from './utterances.ts';

/** A final transcript as sent; an empty one is speech that was not understood. */
export type SttEntry = {
  readonly connectionId: string;
  readonly text: string;
  readonly atMs: number;
  /** The process that listens; null when it did not say. */
  readonly client: number | null;
};

type ListenSession = {
  readonly requestId: string;
  readonly params: ListenParams;
  readonly socket: WebSocket;
  readonly sender: FaultySocket;
  readonly recogniser: Recogniser;
  readonly sttLatencyMs: number;
  readonly idleCloseMs: number;
  readonly onFinal: (entry: Omit<SttEntry, 'client'>) => void;
};

const model = {
  uuid: '2187e11a-3532-4498-b076-81fa530bdd49',
  version: '2026-06-16.0',
  arch: 'nova-3',
};

/** Serves one live transcription (https://developers.deepgram.com/reference/speech-to-text). */
export function serveListen(session: ListenSession): void {
  const { socket } = session;
  const live = new LiveTranscription(session);
  socket.on('message', (data: RawData, isBinary: boolean) => {
    const bytes = toBuffer(data);
    if (isBinary) live.hear(bytes);
    else live.obey(bytes.toString('utf8'));
  });
  socket.once('close', () => live.stop());
}

/** What `ws` hands over, as one buffer. */
export function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

class LiveTranscription {
  readonly #session: ListenSession;
  readonly #utterances: Utterances;
  readonly #sha256 = createHash('sha256');
  readonly #idle: NodeJS.Timeout;
  #bytes = 0;
  /** The end of the last final word for which no `UtteranceEnd` was sent yet. */
  #lastWordEndMs: number | undefined;
  #isClosing = false;

  constructor(session: ListenSession) {
    this.#session = session;
    const { recogniser, params } = session;
    this.#utterances = new Utterances({ recogniser, ...params });
    this.#idle = setTimeout(() => this.#closeIdle(), session.idleCloseMs);
  }

  hear(bytes: Buffer): void {
    if (this.#isClosing) return;
    this.#idle.refresh();
    // An empty frame means the end, and half a sample is no audio.
    if (bytes.length === 0) return this.#finish();
    if (bytes.length % (2 * this.#session.params.channels) !== 0) {
      return this.#fail('DATA-0000', 'The payload cannot be decoded as audio.');
    }
    this.#bytes += bytes.length;
    this.#sha256.update(bytes);
    for (const event of this.#utterances.push(this.#mono(bytes))) this.#report(event, false);
    this.#reportUtteranceEnd();
  }

  obey(text: string): void {
    if (this.#isClosing) return;
    this.#idle.refresh();
    switch (field(parseJson(text), 'type')) {
      case 'KeepAlive':
        return;
      case 'Finalize':
        for (const event of this.#utterances.flush()) this.#report(event, true);
        return;
      case 'CloseStream':
        return this.#finish();
      default:
        this.#session.sender.send({
          type: 'Error',
          variant: 'UnparsableClientMessage',
          description: 'Unparsable client message',
          message: 'The message is not one of KeepAlive, Finalize, CloseStream.',
        });
        return this.#fail('DATA-0000', 'Unparsable client message');
    }
  }

  stop(): void {
    this.#isClosing = true;
    clearTimeout(this.#idle);
  }

  #finish(): void {
    const { sender, requestId, params, sttLatencyMs } = this.#session;
    for (const event of this.#utterances.flush()) this.#report(event, true);
    this.#isClosing = true;
    const duration = this.#bytes / 2 / params.channels / params.sampleRate;
    sender.send(
      {
        type: 'Metadata',
        transaction_key: 'deprecated',
        request_id: requestId,
        sha256: this.#sha256.digest('hex'),
        created: new Date().toISOString(),
        duration,
        channels: params.channels,
        models: [model.uuid],
        model_info: {
          [model.uuid]: { name: params.model, version: model.version, arch: model.arch },
        },
      },
      sttLatencyMs,
    );
    sender.close(1000, '');
  }

  #fail(code: string, reason: string): void {
    this.#isClosing = true;
    this.#session.sender.close(1008, `${code}: ${reason}`);
  }

  #closeIdle(): void {
    this.#isClosing = true;
    const reason =
      'Deepgram did not receive audio data or a text message within the timeout window. See https://dpgm.net/net0001';
    this.#session.sender.close(1011, reason);
  }

  #report(event: HeardEvent, fromFinalize: boolean): void {
    const { sender, params, sttLatencyMs, requestId, onFinal } = this.#session;
    if (event.type === 'speech-started') {
      if (!params.vadEvents) return;
      sender.send({ type: 'SpeechStarted', channel: [0, 1], timestamp: seconds(event.atMs) });
      return;
    }
    const isFinal = event.type === 'final';
    if (!isFinal && !params.interimResults) return;
    const words = event.words.map((word) => this.#word(word, event));
    const transcript = words
      .map((word) => (params.formatted ? word.punctuated_word : word.word))
      .join(' ');
    const results = {
      type: 'Results',
      channel_index: [0, 1],
      duration: seconds(event.endMs - event.startMs),
      start: seconds(event.startMs),
      is_final: isFinal,
      speech_final: isFinal,
      from_finalize: fromFinalize,
      channel: { alternatives: [{ transcript, confidence: event.confidence, words }] },
      metadata: {
        request_id: requestId,
        model_info: { name: params.model, version: model.version, arch: model.arch },
        model_uuid: model.uuid,
      },
    };
    sender.send(results, sttLatencyMs);
    if (!isFinal) return;
    if (words.length > 0) this.#lastWordEndMs = event.endMs;
    onFinal({ connectionId: requestId, text: transcript, atMs: Date.now() });
  }

  #word(
    { word, startMs, endMs }: SpokenWord,
    event: HeardEvent & { confidence: number; startMs: number },
  ) {
    return {
      word: word.toLowerCase().replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}%]+$/gu, ''),
      start: seconds(event.startMs + startMs),
      end: seconds(event.startMs + endMs),
      confidence: event.confidence,
      ...(this.#session.params.formatted ? { punctuated_word: word } : {}),
    };
  }

  /** In the stream's own time: the real one counts audio too. */
  #reportUtteranceEnd(): void {
    const { params, sender, sttLatencyMs } = this.#session;
    const endMs = this.#lastWordEndMs;
    if (endMs === undefined || params.utteranceEndMs === undefined) return;
    if (this.#utterances.nowMs - endMs < params.utteranceEndMs) return;
    this.#lastWordEndMs = undefined;
    const message = { type: 'UtteranceEnd', channel: [0, 1], last_word_end: seconds(endMs) };
    sender.send(message, sttLatencyMs);
  }

  #mono(bytes: Buffer): Int16Array {
    const { channels } = this.#session.params;
    const mono = new Int16Array(bytes.length / 2 / channels);
    for (let i = 0; i < mono.length; i += 1) {
      let sum = 0;
      for (let channel = 0; channel < channels; channel += 1) {
        sum += bytes.readInt16LE(2 * (i * channels + channel));
      }
      mono[i] = sum / channels;
    }
    return mono;
  }
}

const seconds = (ms: number) => Math.round(ms) / 1_000;

/** An id in Deepgram's form. */
export const newRequestId = (): string => randomUUID();
