import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeCall } from '../caller/caller.ts';
import type { PlaceCallOptions } from '../caller/caller.ts';
import type { Call } from '../caller/call.ts';
import type { Step } from '../caller/script.ts';
import { startDeepgramEmulator } from '../emulators/deepgram.ts';
import type { DeepgramEmulator } from '../emulators/deepgram.ts';
import type { TtsEntry } from '../emulators/deepgram-speak.ts';
import { startOpenAiEmulator } from '../emulators/openai.ts';
import type { OpenAiEmulator } from '../emulators/openai.ts';
import { Recogniser } from '../emulators/recogniser.ts';
import { startSheetsEmulator } from '../emulators/sheets.ts';
import type { SheetsEmulator } from '../emulators/sheets.ts';
import { renderSpeech, type Voice } from '../emulators/voice.ts';
import { ClientCalls } from './client-calls.ts';
import { exampleSheet } from './example-sheet.ts';
import { startLivekitServer } from '../livekit/livekit-server.ts';
import type { LivekitServer } from '../livekit/livekit-server.ts';
import { Service } from './service.ts';
import type { LogLine, ServiceLog } from './service-log.ts';

const nameProcess = new URL('./name-process.ts', import.meta.url).href;
const spreadsheetId = 'example-yard';
const deepgramKey = 'dg-example-key';
const openAiKey = 'sk-example-key';
/** The rate at which callers' lines are taught; the recogniser takes any. */
const lineRateHz = 24_000;

/** How the yard is set up; everything may be left out. */
export type YardOptions = {
  /** Milliseconds from the end of speech to the words, to the first token, to the first sound. */
  readonly latencyMs?: { readonly stt: number; readonly llm: number; readonly tts: number };
  readonly sheet?: typeof exampleSheet;
  readonly relay?: boolean;
  /** For the service's environment, over what the stack needs. */
  readonly env?: Readonly<Record<string, string>>;
  readonly dataDir?: string;
  readonly onProgress?: (line: string) => void;
};

/**
 * All that a yard's telephone needs, for real where it can be had: livekit-server, and the emulators
 * of Deepgram, OpenAI and Google on sockets. `service()` runs Pickup itself against it.
 */
export class Yard implements AsyncDisposable {
  readonly livekit: LivekitServer;
  readonly deepgram: DeepgramEmulator;
  readonly openai: OpenAiEmulator;
  readonly sheets: SheetsEmulator;
  readonly folder: string;
  /** All that were placed, in order. */
  readonly calls: Call[] = [];
  /** All that were started, in order. */
  readonly services: Service[] = [];
  readonly #options: YardOptions;
  readonly #recogniser: Recogniser;
  readonly #clients: ClientCalls;
  readonly #cleanUp: AsyncDisposableStack;

  private constructor(
    parts: Pick<Yard, 'livekit' | 'deepgram' | 'openai' | 'sheets' | 'folder'>,
    rest: {
      options: YardOptions;
      recogniser: Recogniser;
      clients: ClientCalls;
      cleanUp: AsyncDisposableStack;
    },
  ) {
    this.livekit = parts.livekit;
    this.deepgram = parts.deepgram;
    this.openai = parts.openai;
    this.sheets = parts.sheets;
    this.folder = parts.folder;
    this.#options = rest.options;
    this.#recogniser = rest.recogniser;
    this.#clients = rest.clients;
    this.#cleanUp = rest.cleanUp;
  }

  /** Starts the parts; rejects with one clear message when one of them cannot be had. */
  static async open(options: YardOptions = {}): Promise<Yard> {
    const { latencyMs = { stt: 250, llm: 400, tts: 250 }, onProgress = () => {} } = options;
    await using cleanUp = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'pickup-yard-'));
    cleanUp.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const livekit = cleanUp.use(
      await startLivekitServer({ relay: options.relay ?? false, onProgress }),
    );
    const recogniser = new Recogniser();
    const clients = new ClientCalls();
    const deepgram = await startDeepgramEmulator({
      apiKey: deepgramKey,
      sttLatencyMs: latencyMs.stt,
      ttsLatencyMs: latencyMs.tts,
      recogniser,
      understands: (client, line) => clients.understands(client, line),
    });
    cleanUp.defer(() => deepgram.close());
    const openai = await startOpenAiEmulator({
      apiKey: openAiKey,
      llmLatencyMs: latencyMs.llm,
      ttsLatencyMs: latencyMs.tts,
    });
    cleanUp.defer(() => openai.close());
    const sheets = await startSheetsEmulator({
      spreadsheetId,
      tabs: options.sheet ?? exampleSheet,
    });
    cleanUp.defer(() => sheets.close());
    return new Yard(
      { livekit, deepgram, openai, sheets, folder },
      { options, recogniser, clients, cleanUp: cleanUp.move() },
    );
  }

  /** All that was ever synthesised here, in order, by whichever provider. */
  get spoken(): readonly TtsEntry[] {
    return [...this.deepgram.ttsLog, ...this.openai.ttsLog].toSorted((a, b) => a.atMs - b.atMs);
  }

  /** Of what the emulators noted, what came from the processes that served this call. */
  of<Entry extends { readonly client: number | null; readonly atMs: number }>(
    call: Call,
    entries: readonly Entry[],
  ): readonly Entry[] {
    return entries.filter(({ client }) => this.#clients.callOf(client) === call.callId);
  }

  /** What was synthesised ahead, for whichever call: the phrases that are kept ready. */
  get spokenAhead(): readonly TtsEntry[] {
    return this.spoken.filter(({ client }) => this.#clients.callOf(client) === undefined);
  }

  /** The environment in which Pickup answers this yard's phone. */
  get env(): Readonly<Record<string, string>> {
    return {
      LIVEKIT_URL: this.livekit.url,
      LIVEKIT_API_KEY: this.livekit.apiKey,
      LIVEKIT_API_SECRET: this.livekit.apiSecret,
      DEEPGRAM_API_KEY: deepgramKey,
      DEEPGRAM_BASE_URL: this.deepgram.baseUrl,
      OPENAI_API_KEY: openAiKey,
      OPENAI_BASE_URL: this.openai.baseUrl,
      GOOGLE_SHEET_ID: spreadsheetId,
      SHEETS_BASE_URL: this.sheets.baseUrl,
      DATA_DIR: this.#options.dataDir ?? join(this.folder, 'data'),
      PORT: '0',
      ...this.#options.env,
    };
  }

  /** Starts Pickup; it is not ready yet. It ends with the yard, if not before. */
  service(
    options: {
      readonly env?: Readonly<Record<string, string>>;
      readonly command?: readonly string[];
      readonly onLine?: (line: LogLine) => void;
      /** Shared with another service. */
      readonly log?: ServiceLog;
    } = {},
  ): Service {
    const { command, onLine } = options;
    const env: Record<string, string> = { ...this.env, ...options.env };
    // A program of another Node may not know how to load it.
    if (!command || command[0] === process.execPath) {
      env['NODE_OPTIONS'] = `--import=${nameProcess} ${env['NODE_OPTIONS'] ?? ''}`.trimEnd();
    }
    const service = new Service({
      env,
      logFolder: this.folder,
      ...(command ? { command } : {}),
      onLine: (line) => {
        this.#clients.note(line);
        onLine?.(line);
      },
      ...(options.log ? { log: options.log } : {}),
    });
    this.services.push(service);
    this.#cleanUp.use(service);
    return service;
  }

  /** Makes lines understood from any caller, before a call in which they are spoken. */
  async teach(
    lines: readonly string[],
    { voice = 'caller' }: { readonly voice?: Voice } = {},
  ): Promise<void> {
    for (const line of lines) this.#clients.commonLines.add(line);
    await this.#learn(lines, voice);
  }

  async #learn(lines: readonly string[], voice: Voice = 'caller'): Promise<void> {
    for (const line of lines) {
      if (this.#recogniser.knows(line)) continue;
      const pcm = await renderSpeech(line, { voice, sampleRate: lineRateHz });
      this.#recogniser.teach(line, pcm, lineRateHz);
    }
  }

  /** Phones the yard. The script's lines are understood from this caller. */
  async call(
    options: Partial<PlaceCallOptions> & { readonly script?: readonly Step[] } = {},
  ): Promise<Call> {
    const lines = (options.script ?? []).flatMap((step) => ('say' in step ? [step.say] : []));
    await this.#learn(lines);
    const call = await placeCall({
      url: this.livekit.url,
      apiKey: this.livekit.apiKey,
      apiSecret: this.livekit.apiSecret,
      agentName: 'pickup',
      recordTo: null,
      ...options,
    });
    this.calls.push(call);
    this.#clients.expect(call.callId, lines);
    return call;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanUp.disposeAsync();
  }
}
