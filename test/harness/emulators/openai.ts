import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientOf } from './client.ts';
import { toBytes, type TtsEntry } from './deepgram-speak.ts';
import { type Fault, Faults } from './faults.ts';
import { answerWithFault, FaultyBody, sendJson } from './http-faults.ts';
import { listenOnLoopback } from './loopback-server.ts';
import { chatEvents, completion } from './openai-answer.ts';
import { errorForStatus, OpenAiError, wrongKey } from './openai-error.ts';
import {
  type ChatMessage,
  type ChatTool,
  type ChatRequest,
  knownModels,
  parseChatRequest,
  parseSpeechRequest,
} from './openai-request.ts';
import { receptionistReply, type Reply } from './receptionist-rules.ts';
import { renderSpeech } from './voice.ts';
import { wavHeader } from './wav.ts';

export type OpenAiOptions = {
  readonly apiKey: string;
  /** From the request to the first token; 400 if left out. */
  readonly llmLatencyMs?: number;
  /** From the request to the first audio; 250 if left out. */
  readonly ttsLatencyMs?: number;
  /** Between two tokens; 15, a fast model's pace, if left out. */
  readonly tokenMs?: number;
  readonly port?: number;
};

/** One request as it came, refused or not. */
export type OpenAiRequest = {
  readonly endpoint: Endpoint;
  readonly body: string;
  /** In milliseconds since the epoch. */
  readonly atMs: number;
  /** The process that sent it; null when it did not say. */
  readonly client: number | null;
};

export type OpenAiEmulator = Awaited<ReturnType<typeof startOpenAiEmulator>>;

/** An answer to the messages of a request. */
type Script = (messages: readonly ChatMessage[], tools: readonly ChatTool[]) => Reply | undefined;

type Endpoint = 'chat' | 'speech' | 'models';

/** The only rate of OpenAI's voices. */
const SPEECH_RATE = 24_000;
/** 100 ms of audio. */
const SPEECH_CHUNK_BYTES = (SPEECH_RATE * 2) / 10;

const endpoints: Record<string, Endpoint | undefined> = {
  'POST /v1/chat/completions': 'chat',
  'POST /v1/audio/speech': 'speech',
  'GET /v1/models': 'models',
};

/**
 * OpenAI on a loopback port: chat completions by the rules of a receptionist, speech, models.
 * Endpoints for faults: `chat`, `speech`, `models` (about: the model). `truncate` and `stall` count
 * server-sent events for chat and bytes for speech; `misspell` is for chat.
 */
export async function startOpenAiEmulator(options: OpenAiOptions) {
  const { apiKey, llmLatencyMs = 400, ttsLatencyMs = 250, tokenMs = 15 } = options;
  const faults = new Faults();
  const requests: OpenAiRequest[] = [];
  const ttsLog: TtsEntry[] = [];
  const open = new Set<ServerResponse>();
  let script: Script = () => undefined;
  const server = createServer((request, response) => {
    open.add(response);
    response.once('close', () => open.delete(response));
    serve(request, response).catch(() => response.destroy());
  });
  const { port, close } = await listenOnLoopback(server, options.port);
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    faults,
    requests,
    ttsLog,
    close,
    /** What the model answers instead of by its rules; undefined where the rules hold. */
    answerWith: (replies: Script) => {
      script = replies;
    },
    /** Requests that are neither answered to the end nor given up by the client. */
    openRequests: () => open.size,
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = performance.now();
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const endpoint = endpoints[`${request.method} ${pathname}`];
    response.setHeader('x-request-id', `req_${randomUUID().replaceAll('-', '')}`);
    const body = await readText(request);
    if (!endpoint) {
      const unknown = new OpenAiError(404, `Invalid URL (${request.method} ${pathname})`);
      return sendJson(response, 404, unknown.toBody());
    }
    const client = clientOf(request);
    requests.push({ endpoint, body, atMs: Date.now(), client });
    const fault = faults.take(endpoint, modelIn(body));
    if (await answerWithFault(fault, response, (status) => errorForStatus(status).toBody())) return;
    try {
      checkKey(request.headers.authorization);
      if (endpoint === 'models') sendJson(response, 200, modelList());
      else if (endpoint === 'chat') await chat(body, { response, fault, startedMs, client });
      else await speak(body, { response, fault, startedMs, client });
    } catch (error) {
      if (!(error instanceof OpenAiError)) throw error;
      sendJson(response, error.status, error.toBody());
    }
  }

  function checkKey(authorization: string | undefined): void {
    const key = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
    if (key !== apiKey) throw wrongKey(key);
  }

  type Answer = {
    response: ServerResponse;
    fault: Fault | undefined;
    startedMs: number;
    client: number | null;
  };

  async function chat(body: string, { response, fault, startedMs }: Answer): Promise<void> {
    const request = parseChatRequest(body);
    const tools = offered(request);
    const reply = script(request.messages, tools) ?? receptionistReply(request.messages, tools);
    await sleepUntil(startedMs + llmLatencyMs);
    if (request.stream !== true) return sendJson(response, 200, completion(request, reply));
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
    const out = new FaultyBody(response, fault, 'events');
    const misspelt = fault?.do === 'misspell' ? fault.args : undefined;
    for (const event of chatEvents(request, reply, misspelt)) {
      if (out.isOver) return;
      await out.write(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`);
      if (tokenMs > 0) await sleep(tokenMs);
    }
    out.end();
  }

  async function speak(
    body: string,
    { response, fault, startedMs, client }: Answer,
  ): Promise<void> {
    const { input, response_format: format = 'mp3' } = parseSpeechRequest(body);
    if (format !== 'pcm' && format !== 'wav') {
      // The real one encodes these too; here it would only hide what was synthesised.
      throw new OpenAiError(400, `Unsupported response_format: ${format}`, {
        param: 'response_format',
      });
    }
    const atMs = Date.now();
    const pcm = await renderSpeech(input, { voice: 'agent', sampleRate: SPEECH_RATE });
    ttsLog.push({ text: input, pcm, sampleRate: SPEECH_RATE, atMs, client });
    await sleepUntil(startedMs + ttsLatencyMs);
    const bytes = toBytes(pcm);
    response.writeHead(200, { 'Content-Type': format === 'wav' ? 'audio/wav' : 'audio/pcm' });
    const out = new FaultyBody(response, fault, 'bytes');
    if (format === 'wav') await out.write(wavHeader(bytes.length, SPEECH_RATE));
    for (let offset = 0; offset < bytes.length; offset += SPEECH_CHUNK_BYTES) {
      await out.write(bytes.subarray(offset, offset + SPEECH_CHUNK_BYTES));
    }
    out.end();
  }
}

/** The tools that may be called: none when the request forbids it. */
function offered({ tools = [], tool_choice: choice }: ChatRequest) {
  if (choice === 'none') return [];
  return typeof choice === 'object'
    ? tools.filter((tool) => tool.function.name === choice.function.name)
    : tools;
}

function modelList(): object {
  const data = knownModels.map((id) => ({
    id,
    object: 'model',
    created: 1_767_225_600,
    owned_by: 'openai',
  }));
  return { object: 'list', data };
}

/** `dueMs` on the clock of `performance.now`; past, it does not wait. */
async function sleepUntil(dueMs: number): Promise<void> {
  await sleep(Math.max(0, dueMs - performance.now()));
}

/** For the fault plan, which comes before the request is checked. */
function modelIn(body: string): string {
  return /"model"\s*:\s*"([^"]*)"/.exec(body)?.[1] ?? '';
}
