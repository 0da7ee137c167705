import { startSipFront } from '../harness/emulators/livekit-sip.ts';
import type { SipFront } from '../harness/emulators/livekit-sip.ts';
import { eventually } from '../harness/eventually.ts';
import { exampleSheetTimes } from '../harness/yard/example-sheet.ts';
import { processesOfGroup } from '../harness/yard/process-end.ts';
import { startPostgres } from '../harness/yard/postgres.ts';
import type { TestPostgres } from '../harness/yard/postgres.ts';
import type { Service } from '../harness/yard/service.ts';
import { Yard } from '../harness/yard/yard.ts';
import { allLines } from './call-lines.ts';
import { startCuttableLink } from './cuttable-link.ts';
import type { CuttableLink } from './cuttable-link.ts';

/** How a service is set up for the cases that share it, one after another. */
export type CallSetting = {
  readonly env: Readonly<Record<string, string>>;
  /** What stands between the service and LiveKit. */
  readonly front?: 'sip' | 'link';
  /** Puts the packet relay between LiveKit and everyone. */
  readonly relay?: boolean;
  /** Where the calls are kept: a Postgres of its own, or else a file in the yard's folder. */
  readonly store?: 'postgres';
  /** What each process of the service may hold in its heap; as much as Node lets it if left out. */
  readonly heapMb?: number;
  /** The first processes that are to be kept warm fail at that. */
  readonly prewarmFails?: boolean;
  /** Several calls at once, which leave no room for other cases beside them. */
  readonly alone?: boolean;
};

const warm = 2;
const hurtProcess = new URL('hurt-process.ts', import.meta.url).href;

/** The models and voices of the yard, and those that take their place. */
export const models = {
  stt: 'nova-3',
  sttFallback: 'nova-2-phonecall',
  llm: 'gpt-5.4-mini',
  llmFallback: 'gpt-6-luna',
} as const;

/** A yard's telephone for calls under faults: a service, or several, and all that it depends on. */
export class CallPlace implements AsyncDisposable {
  readonly yard: Yard;
  readonly sip: SipFront | null;
  readonly link: CuttableLink | null;
  readonly postgres: TestPostgres | null;
  readonly #env: Readonly<Record<string, string>>;
  readonly #cleanUp: AsyncDisposableStack;
  /** All that were started, in order. */
  readonly services: Service[];

  private constructor(
    parts: Pick<CallPlace, 'yard' | 'sip' | 'link' | 'postgres'>,
    rest: {
      service: Service;
      env: Readonly<Record<string, string>>;
      cleanUp: AsyncDisposableStack;
    },
  ) {
    this.yard = parts.yard;
    this.sip = parts.sip;
    this.link = parts.link;
    this.postgres = parts.postgres;
    this.#env = rest.env;
    this.#cleanUp = rest.cleanUp;
    this.services = [rest.service];
  }

  /** The one that was started last; its lines are those of all that were. */
  get service(): Service {
    const last = this.services.at(-1);
    if (!last) throw new Error('No service was started');
    return last;
  }

  /** Starts everything; resolves when calls are answered and the recorded phrases are ready. */
  static async open(setting: CallSetting): Promise<CallPlace> {
    const { env, front, relay = false, store, heapMb, prewarmFails = false } = setting;
    await using cleanUp = new AsyncDisposableStack();
    const postgres = store === 'postgres' ? cleanUp.use(await startPostgres()) : null;
    const yard = cleanUp.use(
      await Yard.open({
        latencyMs: { stt: 100, llm: 200, tts: 100 },
        relay,
        sheet: exampleSheetTimes(8),
        ...(postgres ? { env: { DATABASE_URL: await postgres.createDatabase() } } : {}),
      }),
    );
    const { livekit } = yard;
    const sip = front === 'sip' ? await startSipFront(upstreamOf(yard)) : null;
    if (sip) cleanUp.defer(() => sip.close());
    const link = front === 'link' ? cleanUp.use(await startCuttableLink(livekit.port)) : null;
    await yard.teach(allLines);
    const serviceEnv = {
      NODE_OPTIONS: `--import=${hurtProcess}${heapMb ? ` --max-old-space-size=${heapMb}` : ''}`,
      ...(prewarmFails ? { HURT_PREWARM: yard.folder } : {}),
      NUM_IDLE_PROCESSES: String(warm),
      STT_FALLBACK_MODEL: models.sttFallback,
      LLM_FALLBACK_MODEL: models.llmFallback,
      TTS_FALLBACK_PROVIDER: 'openai',
      ...(sip ? { LIVEKIT_URL: sip.wsUrl } : {}),
      ...(link ? { LIVEKIT_URL: `ws://127.0.0.1:${link.port}` } : {}),
      ...env,
    };
    const service = yard.service({ env: serviceEnv });
    await eventually('the recorded phrases are ready', () => isPhrased(service), 60_000);
    await service.ready({ warm: Number(serviceEnv.NUM_IDLE_PROCESSES) });
    return new CallPlace(
      { yard, sip, link, postgres },
      { service, env: serviceEnv, cleanUp: cleanUp.move() },
    );
  }

  /** Starts another service beside what runs, or after it; resolves when it takes calls. */
  async startAnother(env: Readonly<Record<string, string>> = {}): Promise<Service> {
    const { log } = this.service;
    const service = this.yard.service({ env: { ...this.#env, ...env }, log });
    this.services.push(service);
    await this.ready();
    return service;
  }

  /** Resolves when calls are answered, and processes wait for them. */
  async ready(): Promise<void> {
    await this.service.ready({ warm: Number(this.#env['NUM_IDLE_PROCESSES']) });
  }

  /** Of all services, those that were killed or ended too. */
  async countProcesses(): Promise<number> {
    const groups = await Promise.all(this.services.map(({ pid }) => processesOfGroup(pid)));
    return groups.flat().length;
  }

  /** Ends all services that were started, by force; the next `mend` starts one. */
  async endServices(): Promise<void> {
    for (const service of this.services) await service.killAll();
  }

  /** As before the first case: nothing is faulty, and processes wait for calls. */
  async mend(): Promise<void> {
    if (this.service.hasEnded) await this.startAnother();
    const { deepgram, openai, sheets } = this.yard;
    for (const { faults } of [deepgram, openai, sheets]) faults.clear();
    sheets.setLatency(0);
    await this.ready();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanUp.disposeAsync();
  }
}

/** The greeting and the phrases that a call falls back on when no provider can be reached. */
function isPhrased({ lines }: Service): boolean {
  return lines.some(({ event }) => event === 'phrase.ready');
}

function upstreamOf({ livekit }: Yard) {
  const { url: upstreamUrl, apiKey, apiSecret } = livekit;
  return { upstreamUrl, apiKey, apiSecret };
}
