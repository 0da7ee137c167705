import { startSipFront } from '../emulators/livekit-sip.ts';
import type { SipFront } from '../emulators/livekit-sip.ts';
import { eventually } from '../eventually.ts';
import { exampleSheetTimes } from '../stack/example-sheet.ts';
import type { Service } from '../stack/service.ts';
import { Yard } from '../stack/yard.ts';
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

/** A yard's telephone for calls under faults: one service, and all that it depends on. */
export class CallPlace implements AsyncDisposable {
  readonly yard: Yard;
  readonly service: Service;
  readonly sip: SipFront | null;
  readonly link: CuttableLink | null;
  readonly #cleanUp: AsyncDisposableStack;

  private constructor(
    parts: Pick<CallPlace, 'yard' | 'service' | 'sip' | 'link'>,
    cleanUp: AsyncDisposableStack,
  ) {
    this.yard = parts.yard;
    this.service = parts.service;
    this.sip = parts.sip;
    this.link = parts.link;
    this.#cleanUp = cleanUp;
  }

  /** Starts everything; resolves when calls are answered and the recorded phrases are ready. */
  static async open({ env, front, relay = false }: CallSetting): Promise<CallPlace> {
    await using cleanUp = new AsyncDisposableStack();
    const yard = cleanUp.use(
      await Yard.open({
        latencyMs: { stt: 100, llm: 200, tts: 100 },
        relay,
        sheet: exampleSheetTimes(8),
      }),
    );
    const { livekit } = yard;
    const sip = front === 'sip' ? await startSipFront(upstreamOf(yard)) : null;
    if (sip) cleanUp.defer(() => sip.close());
    const link = front === 'link' ? cleanUp.use(await startCuttableLink(livekit.port)) : null;
    await yard.teach(allLines);
    const service = yard.service({
      env: {
        NODE_OPTIONS: `--import=${hurtProcess}`,
        NUM_IDLE_PROCESSES: String(warm),
        STT_FALLBACK_MODEL: models.sttFallback,
        LLM_FALLBACK_MODEL: models.llmFallback,
        TTS_FALLBACK_PROVIDER: 'openai',
        ...(sip ? { LIVEKIT_URL: sip.wsUrl } : {}),
        ...(link ? { LIVEKIT_URL: `ws://127.0.0.1:${link.port}` } : {}),
        ...env,
      },
    });
    await eventually('the recorded phrases are ready', () => isPhrased(service), 60_000);
    await service.ready({ warm });
    return new CallPlace({ yard, service, sip, link }, cleanUp.move());
  }

  /** As before the first case: nothing is faulty, and processes wait for calls. */
  async mend(): Promise<void> {
    const { deepgram, openai, sheets } = this.yard;
    for (const { faults } of [deepgram, openai, sheets]) faults.clear();
    sheets.setLatency(0);
    await this.service.ready({ warm });
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
