import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Call } from './call.ts';
import type { CallEvent } from './call-events.ts';
import { gatewayIdentity, gatewayToken } from './gateway-identity.ts';
import { renderLine, renderAsCaller, type Render } from './rendered-line.ts';
import type { Step } from './script.ts';

export type PlaceCallOptions = {
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** The agent that the dispatch rule names; null dispatches none. */
  readonly agentName: string | null;
  /** The metadata of that dispatch; empty if left out. */
  readonly agentMetadata?: string;
  /** `+13125550111` if left out. */
  readonly from?: string;
  /** `+13125550199` if left out. */
  readonly to?: string;
  /** `call` if left out. */
  readonly roomPrefix?: string;
  /** What the caller does by itself; nothing if left out. */
  readonly script?: readonly Step[];
  /** Where the recording goes; null keeps none. */
  readonly recordTo: string | null;
  /** How a line sounds, at 48 kHz; the caller's voice of `renderSpeech` if left out. */
  readonly render?: Render;
  /** Told every event as it comes. */
  readonly onEvent?: (event: CallEvent) => void;
  /** 180,000 if left out: then the gateway refuses with 486. */
  readonly ringTimeoutMs?: number;
  /** When the caller gives up; 180,000 if left out. */
  readonly maxCallMs?: number;
  /** The gateway hangs up this long after the last packet; 15,000 if left out. */
  readonly mediaTimeoutMs?: number;
  /** How long an agent must be quiet to have finished; 700 if left out. */
  readonly agentQuietMs?: number;
};

/**
 * Phones in as LiveKit's SIP gateway would, from a process of its own, with every line rendered
 * before. Resolves when the caller is in the room, ringing; rejects when it cannot join.
 */
export async function placeCall(options: PlaceCallOptions): Promise<Call> {
  const { from = '+13125550111', to = '+13125550199', roomPrefix = 'call', script = [] } = options;
  const { render = renderAsCaller, recordTo, onEvent = () => {} } = options;
  const gateway = gatewayIdentity({ from, to, roomPrefix });
  const folder = await mkdtemp(join(tmpdir(), 'pickup-caller-'));
  try {
    const order = {
      url: options.url,
      token: await gatewayToken(gateway, options),
      folder,
      script,
      lines: await Promise.all(linesOf(script).map((line) => renderLine(line, { folder, render }))),
      ringTimeoutMs: options.ringTimeoutMs ?? 180_000,
      maxCallMs: options.maxCallMs ?? 180_000,
      mediaTimeoutMs: options.mediaTimeoutMs ?? 15_000,
      agentQuietMs: options.agentQuietMs ?? 700,
    };
    const call = new Call({ gateway, folder, recordTo, render, onEvent });
    await call.place(order);
    return call;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function linesOf(script: readonly Step[]): string[] {
  return [...new Set(script.flatMap((step) => ('say' in step ? [step.say] : [])))];
}
