import { WebSocket } from 'ws';
import { language, readMessage, type Results } from './deepgram-results.ts';
import { sampleRate } from './replay-buffer.ts';

/** The end of a connection. `code` is an HTTP status (`refused`) or a close code (`closed`). */
export type SocketEnd = {
  readonly kind: 'closed' | 'refused' | 'dumb' | 'garbage' | 'timeout';
  readonly code: number | null;
};

type SocketOptions = {
  readonly url: URL;
  readonly apiKey: string;
  readonly onOpen: () => void;
  readonly onResults: (results: Results) => void;
};

/** DNS, TCP, TLS and the upgrade take below 300 ms; past this a fresh try is faster. */
const connectMs = 3_000;
/** Deepgram closes what was silent for 10 s and asks for one of these every 3 to 5 s. */
const keepAliveMs = 5_000;
/** Deepgram's last transcript and its own close may take so long after the last sound. */
const finishMs = 800;
/** One such frame may be a proxy's hiccup. */
const maxGarbageInARow = 3;
/** A minute of audio that the network does not take: nobody listens at the other end. */
const maxBacklogBytes = 60 * 2 * sampleRate;
const socketOptions = {
  perMessageDeflate: false,
  maxPayload: 1_000_000,
  // From the server's close frame to its end of the TCP connection; half a minute by default.
  closeTimeout: 1_000,
};

/** The address of a live transcription (developers.deepgram.com/reference/speech-to-text). */
export function listenUrl(options: {
  readonly baseUrl: string;
  readonly model: string;
  readonly keyterms: readonly string[];
}): URL {
  const { baseUrl, model, keyterms } = options;
  const url = new URL(`${baseUrl.replace(/^http/, 'ws').replace(/\/+$/, '')}/v1/listen`);
  const query = {
    model,
    language,
    encoding: 'linear16',
    sample_rate: String(sampleRate),
    channels: '1',
    interim_results: 'true',
    punctuate: 'true',
    smart_format: 'true',
    no_delay: 'true',
    vad_events: 'true',
    endpointing: '25',
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  // Other models refuse a request with keyterms.
  if (model.startsWith('nova-3')) {
    for (const term of keyterms) url.searchParams.append('keyterm', term);
  }
  return url;
}

/** One connection to Deepgram, from the connect to its end. It never tries again. */
export class DeepgramSocket {
  /** Never rejects. After it nothing is called back and no socket or timer is left. */
  readonly ended: Promise<SocketEnd>;
  readonly #onResults: SocketOptions['onResults'];
  readonly #socket: WebSocket;
  readonly #settle: (end: SocketEnd) => void;
  readonly #keepAlive: NodeJS.Timeout;
  #deadline: NodeJS.Timeout;
  #garbageInARow = 0;
  #isOver = false;

  constructor({ url, apiKey, onOpen, onResults }: SocketOptions) {
    const { promise, resolve } = Promise.withResolvers<SocketEnd>();
    this.ended = promise;
    this.#settle = resolve;
    this.#onResults = onResults;
    const headers = { Authorization: `Token ${apiKey}` };
    this.#socket = new WebSocket(url, { ...socketOptions, headers });
    this.#deadline = setTimeout(() => this.drop({ kind: 'timeout', code: null }), connectMs);
    this.#keepAlive = setInterval(() => this.#command('KeepAlive'), keepAliveMs);
    let wasOpen = false;
    this.#socket.on('open', () => {
      clearTimeout(this.#deadline);
      wasOpen = true;
      onOpen();
    });
    this.#socket.on('message', (data: Buffer) => this.#receive(data.toString('utf8')));
    this.#socket.on('unexpected-response', (_request, { statusCode }) => {
      this.drop({ kind: 'refused', code: statusCode ?? null });
    });
    // `close` follows and says as much.
    this.#socket.on('error', () => {});
    this.#socket.on('close', (code) => {
      this.drop(wasOpen ? { kind: 'closed', code } : { kind: 'refused', code: null });
    });
  }

  get isOpen(): boolean {
    return !this.#isOver && this.#socket.readyState === WebSocket.OPEN;
  }

  /** Sends audio; what comes while the socket is not open is left out. */
  send(audio: Int16Array): void {
    if (!this.isOpen) return;
    if (this.#socket.bufferedAmount > maxBacklogBytes) this.drop({ kind: 'dumb', code: null });
    else this.#socket.send(audio);
    this.#keepAlive.refresh();
  }

  /** Asks for the final transcript of what was sent. */
  flush(): void {
    this.#command('Finalize');
  }

  /** Asks for the last transcripts and the end; the connection is cut when that takes too long. */
  finish(): void {
    if (!this.isOpen) return this.drop();
    this.#command('CloseStream');
    this.#deadline = setTimeout(() => this.drop(), finishMs);
  }

  /** Cuts the connection, for the given reason. */
  drop(end: SocketEnd = { kind: 'closed', code: null }): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    clearInterval(this.#keepAlive);
    this.#socket.terminate();
    this.#settle(end);
  }

  #command(type: 'KeepAlive' | 'Finalize' | 'CloseStream'): void {
    if (this.isOpen) this.#socket.send(JSON.stringify({ type }));
  }

  #receive(text: string): void {
    if (this.#isOver) return;
    const message = readMessage(text);
    this.#garbageInARow = message === 'garbage' ? this.#garbageInARow + 1 : 0;
    if (this.#garbageInARow >= maxGarbageInARow) this.drop({ kind: 'garbage', code: null });
    else if (typeof message !== 'string') this.#onResults(message);
  }
}
