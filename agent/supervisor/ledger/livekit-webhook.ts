import { WebhookReceiver } from 'livekit-server-sdk';
import type { Config } from '../../config/config.ts';
import { sipCaller } from '../../livekit/sip-attributes.ts';
import type { Rooms } from '../../livekit/room-service.ts';
import type { LedgerKeeper } from './ledger-keeper.ts';

/** LiveKit tries an event again within seconds; its token is valid for 5 minutes. */
const memoryMs = 600_000;

/** `ParticipantInfo.Kind.SIP` of LiveKit's protocol, whose enum the SDK does not export. */
const kindSip = 3;

/**
 * LiveKit's own word on rings and their ends, where the project's webhooks are set to
 * `https://…/livekit/webhook`: the ledger then has callers whom no worker was ever asked about.
 */
export class LiveKitWebhook {
  readonly #receiver: WebhookReceiver;
  readonly #ledger: Pick<LedgerKeeper, 'rang' | 'left'>;
  readonly #rooms: Pick<Rooms, 'isOurs'>;
  readonly #nowMs: () => number;
  readonly #testNumber: string | undefined;
  /** Ids of events that were taken, and when. */
  readonly #taken = new Map<string, number>();

  constructor(options: {
    readonly config: Pick<Config, 'livekit'> & Partial<Pick<Config, 'canary'>>;
    readonly ledger: Pick<LedgerKeeper, 'rang' | 'left'>;
    readonly rooms: Pick<Rooms, 'isOurs'>;
    readonly nowMs?: () => number;
  }) {
    const { livekit, canary } = options.config;
    const { apiKey, apiSecret } = livekit;
    this.#testNumber = canary?.phone?.from;
    this.#receiver = new WebhookReceiver(apiKey, apiSecret);
    this.#ledger = options.ledger;
    this.#rooms = options.rooms;
    this.#nowMs = options.nowMs ?? (() => Date.now());
  }

  /**
   * Takes one event; resolves with the HTTP status to answer: 200 taken, 401 not signed by this project,
   * 409 sent before or long ago, 503 when LiveKit could not be asked whose room it is (it tries again).
   */
  async receive(body: string, authorization: string | undefined): Promise<200 | 401 | 409 | 503> {
    let event;
    try {
      event = await this.#receiver.receive(body, authorization);
    } catch {
      return 401;
    }
    const nowMs = this.#nowMs();
    const createdAtMs = Number(event.createdAt) * 1_000;
    for (const [id, atMs] of this.#taken) if (nowMs - atMs >= memoryMs) this.#taken.delete(id);
    if (nowMs - createdAtMs >= memoryMs || this.#taken.has(event.id)) return 409;
    this.#taken.set(event.id, nowMs);
    try {
      await this.#take(event, createdAtMs);
      return 200;
    } catch {
      this.#taken.delete(event.id);
      return 503;
    }
  }

  async #take(
    { event, room, participant }: Awaited<ReturnType<WebhookReceiver['receive']>>,
    atMs: number,
  ): Promise<void> {
    const isOfCaller = event === 'participant_joined' || event === 'participant_left';
    const kind: number | undefined = participant?.kind;
    if (!isOfCaller || !room || !participant || kind !== kindSip) return;
    const { attributes } = participant;
    const { callId, phoneNumber, test } = sipCaller(attributes, this.#testNumber);
    if (callId === null) return;
    if (event === 'participant_left') return this.#ledger.left(callId, atMs);
    if (!(await this.#rooms.isOurs(room.name))) return;
    // Seconds alone are told of the moment.
    const startedAtMs = Math.min(atMs, this.#nowMs());
    const isTest = test !== null;
    this.#ledger.rang({ callId, room: room.name, phoneNumber, startedAtMs, isTest });
  }
}
