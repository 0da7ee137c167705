import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocketServer, type WebSocket } from 'ws';
import { newRequestId, serveListen, type SttEntry } from './deepgram-listen.ts';
import { clientOf } from './client.ts';
import { BadRequest, parseListenParams, parseSpeakParams } from './deepgram-params.ts';
import { serveSpeak, toBytes, type TtsEntry } from './deepgram-speak.ts';
import { errorBody, refuseUpgrade, refuseWithFault } from './deepgram-refusal.ts';
import { Faults } from './faults.ts';
import { FaultySocket } from './faulty-socket.ts';
import { answerWithFault, FaultyBody, sendJson } from './http-faults.ts';
import { field, parseJson } from './json.ts';
import { listenOnLoopback } from './loopback-server.ts';
import { Recogniser } from './recogniser.ts';
import { renderSpeech } from './voice.ts';
import { wavHeader } from './wav.ts';

export type DeepgramOptions = {
  readonly apiKey: string;
  /** From when the end of speech could be told to the transcript; 250 if left out. */
  readonly sttLatencyMs?: number;
  /** From the text to the first audio; 250 if left out. */
  readonly ttsLatencyMs?: number;
  /** What it understands; `teach` adds to it. */
  readonly recogniser?: Recogniser;
  /** Which of the taught lines it listens for on a client's connection; all if left out. */
  readonly understands?: (client: number | null, line: string) => boolean;
  readonly port?: number;
  /** Silence of a client after which it is cut off (NET-0001); 10,000 as documented. */
  readonly idleCloseMs?: number;
};

/** An open WebSocket. `close(1006)` cuts it without a word. */
export type DeepgramConnection = {
  readonly id: string;
  readonly endpoint: 'listen' | 'speak';
  readonly query: URLSearchParams;
  close(code: number, reason?: string): void;
};

export type DeepgramEmulator = Awaited<ReturnType<typeof startDeepgramEmulator>>;

/**
 * Deepgram on a loopback port: `/v1/listen` (WebSocket), `/v1/speak` (WebSocket and POST) and
 * `/v1/projects`. Endpoints for faults: `listen`, `speak` (the connection or request; about: the
 * model), `listen.message`, `speak.message` (each message sent; about: its type, or `audio`).
 */
export async function startDeepgramEmulator(options: DeepgramOptions) {
  const { apiKey, recogniser = new Recogniser(), understands = () => true } = options;
  const { sttLatencyMs = 250, ttsLatencyMs = 250, idleCloseMs = 10_000 } = options;
  const faults = new Faults();
  const connections = new Set<DeepgramConnection>();
  const ttsLog: TtsEntry[] = [];
  const sttLog: SttEntry[] = [];
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(toError(error)));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgrade(request, socket, head).catch((error: unknown) => socket.destroy(toError(error)));
  });
  const { port, close } = await listenOnLoopback(server, options.port);

  return {
    baseUrl: `http://127.0.0.1:${port}`,
    faults,
    ttsLog,
    sttLog,
    connections,
    close,
    /** Renders the line in the caller's voice and teaches it; do this before a measured call. */
    async teach(line: string): Promise<void> {
      if (recogniser.knows(line)) return;
      const sampleRate = 16_000;
      recogniser.teach(line, await renderSpeech(line, { voice: 'caller', sampleRate }), sampleRate);
    },
  };

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const endpoint = socketEndpoints[url.pathname];
    const requestId = newRequestId();
    if (!endpoint) return refuseUpgrade(socket, 404, errorBody(404, requestId), requestId);
    const fault = faults.take(endpoint, url.searchParams.get('model') ?? '');
    if (fault && (await refuseWithFault(fault, socket, requestId))) return;
    if (request.headers.authorization !== `Token ${apiKey}`) {
      return refuseUpgrade(socket, 401, errorBody(401, requestId), requestId);
    }
    try {
      const query = url.searchParams;
      const client = clientOf(request);
      const serve = endpoint === 'listen' ? listenTo(query, client) : speakTo(query, client);
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        const nextFault = (message: string) => faults.take(`${endpoint}.message`, message);
        const sender = new FaultySocket(webSocket, fault, nextFault);
        track(webSocket, { id: requestId, endpoint, query });
        serve({ socket: webSocket, sender, requestId });
      });
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      const body = { err_code: error.code, err_msg: error.message, request_id: requestId };
      refuseUpgrade(socket, 400, body, requestId);
    }
  }

  type Opened = { socket: WebSocket; sender: FaultySocket; requestId: string };

  function listenTo(query: URLSearchParams, client: number | null) {
    const common = {
      params: parseListenParams(query),
      recogniser: recogniser.among((line) => understands(client, line)),
      sttLatencyMs,
      idleCloseMs,
      onFinal: (entry: Omit<SttEntry, 'client'>) => void sttLog.push({ ...entry, client }),
    };
    return (opened: Opened) => serveListen({ ...opened, ...common });
  }

  function speakTo(query: URLSearchParams, client: number | null) {
    const params = parseSpeakParams(query, 'stream');
    const onSpoken = (entry: Omit<TtsEntry, 'client'>) => void ttsLog.push({ ...entry, client });
    return (opened: Opened) => serveSpeak({ ...opened, params, ttsLatencyMs, render, onSpoken });
  }

  function track(socket: WebSocket, about: Omit<DeepgramConnection, 'close'>): void {
    const connection: DeepgramConnection = {
      ...about,
      close: (code, reason) => (code === 1006 ? socket.terminate() : socket.close(code, reason)),
    };
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
    socket.on('error', () => socket.terminate());
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const requestId = newRequestId();
    response.setHeader('dg-request-id', requestId);
    const endpoint = httpEndpoints[`${request.method} ${url.pathname}`];
    if (!endpoint) return sendJson(response, 404, errorBody(404, requestId));
    const body = await readText(request);
    const fault = faults.take(endpoint, url.searchParams.get('model') ?? '');
    if (await answerWithFault(fault, response, (status) => errorBody(status, requestId))) return;
    if (request.headers.authorization !== `Token ${apiKey}`) {
      return sendJson(response, 401, errorBody(401, requestId));
    }
    if (endpoint === 'projects') {
      return sendJson(response, 200, { projects: [{ project_id: requestId, name: 'emulator' }] });
    }
    try {
      const out = new FaultyBody(response, fault, 'bytes');
      await speakOnce(url.searchParams, { body, client: clientOf(request) }, out, response);
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      sendJson(response, 400, {
        err_code: error.code,
        err_msg: error.message,
        request_id: requestId,
      });
    }
  }

  async function speakOnce(
    query: URLSearchParams,
    { body, client }: { readonly body: string; readonly client: number | null },
    out: FaultyBody,
    response: ServerResponse,
  ): Promise<void> {
    const params = parseSpeakParams(query, 'post');
    const words = parseText(body);
    const { sampleRate } = params;
    const atMs = Date.now();
    const [pcm] = await Promise.all([render(words, sampleRate), sleep(ttsLatencyMs)]);
    ttsLog.push({ text: words, pcm, sampleRate, atMs, client });
    const bytes = toBytes(pcm);
    response.writeHead(200, {
      'Content-Type': params.wav ? 'audio/wav' : 'audio/l16',
      'dg-model-name': params.model,
      'dg-char-count': String(words.length),
    });
    if (params.wav) await out.write(wavHeader(bytes.length, sampleRate));
    for (let offset = 0; offset < bytes.length; offset += 8_192) {
      await out.write(bytes.subarray(offset, offset + 8_192));
    }
    out.end();
  }
}

const socketEndpoints: Record<string, 'listen' | 'speak' | undefined> = {
  '/v1/listen': 'listen',
  '/v1/speak': 'speak',
};
const httpEndpoints: Record<string, 'speak' | 'projects' | undefined> = {
  'POST /v1/speak': 'speak',
  'GET /v1/projects': 'projects',
};

function parseText(body: string): string {
  const json = parseJson(body);
  const words = field(json, 'text');
  if (typeof words === 'string' && words.trim() !== '') return words;
  const missing = json === undefined ? '.' : ': missing field `text`.';
  throw new BadRequest('PAYLOAD_ERROR', `Failed to deserialize JSON payload${missing}`);
}

function render(words: string, sampleRate: number): Promise<Int16Array> {
  return renderSpeech(words, { voice: 'agent', sampleRate });
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
