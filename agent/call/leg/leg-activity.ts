import { ConnectionQuality, RoomEvent } from '@livekit/rtc-node';
import type { Participant, Room } from '@livekit/rtc-node';
import { sipCaller } from '../../livekit/sip-attributes.ts';

/** A sign of life of the caller's leg, beside media. */
export type LegSign = 'quality' | 'attributes' | 'dtmf';

/** A sign that is older says nothing about now. */
const freshMs = 10_000;

/**
 * The server looks at a leg's quality each 5 s, and tells what changed: it speaks of the time before,
 * and rises that late after a gap, into the next one (seen). To who has just joined it tells what it
 * last found, which a gap need not have lowered yet: the first word of it is no sign (seen).
 */
const qualityLagMs = 5_000;

/**
 * Seen with livekit-server 1.13.11, RTP dropped and all else passing: 12 s after the last packet it
 * falls to POOR, the lowest that a connection with a dry track got. So LOST and POOR are no signs of
 * life.
 */
const livelyQualities: ReadonlySet<ConnectionQuality> = new Set([
  ConnectionQuality.QUALITY_EXCELLENT,
  ConnectionQuality.QUALITY_GOOD,
]);

/**
 * Remembers the last sign of life of a caller's leg, of those that the real gateway gives. RTCP is
 * none of them: the server writes the reports that an agent sees by itself.
 */
export class LegActivity {
  readonly #room: Room;
  readonly #identity: string;
  readonly #nowMs: () => number;
  #last: { readonly sign: LegSign; readonly atMs: number } | null = null;
  #knowsQuality = false;

  constructor(room: Room, options: { readonly identity: string; readonly nowMs?: () => number }) {
    this.#room = room;
    this.#identity = options.identity;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    room.on(RoomEvent.ConnectionQualityChanged, this.#onQuality);
    room.on(RoomEvent.ParticipantAttributesChanged, this.#onAttributes);
    room.on(RoomEvent.DtmfReceived, this.#onDtmf);
  }

  /** The last sign of the last 10 s; null without one. */
  get fresh(): LegSign | null {
    if (!this.#last || this.#nowMs() - this.#last.atMs > freshMs) return null;
    return this.#last.sign;
  }

  stop(): void {
    this.#room.off(RoomEvent.ConnectionQualityChanged, this.#onQuality);
    this.#room.off(RoomEvent.ParticipantAttributesChanged, this.#onAttributes);
    this.#room.off(RoomEvent.DtmfReceived, this.#onDtmf);
  }

  #onQuality = (quality: ConnectionQuality, participant: Participant): void => {
    if (participant.identity !== this.#identity) return;
    const isChange = this.#knowsQuality;
    this.#knowsQuality = true;
    if (isChange && livelyQualities.has(quality)) this.#saw('quality', participant, qualityLagMs);
  };

  /** Seen with the real gateway: it sets `sip.callStatus` as the phone's side moves on. */
  #onAttributes = (changed: Record<string, string>, participant: Participant): void => {
    if (sipCaller(changed).callStatus !== 'hangup') this.#saw('attributes', participant);
  };

  /** Read in the gateway's source (`inboundCall.handleDTMF`): each key pressed is sent as data. */
  #onDtmf = (_code: number, _digit: string, participant: Participant | undefined): void => {
    this.#saw('dtmf', participant);
  };

  #saw(sign: LegSign, participant: Participant | undefined, agoMs = 0): void {
    if (participant?.identity !== this.#identity) return;
    const atMs = this.#nowMs() - agoMs;
    if (!this.#last || atMs >= this.#last.atMs) this.#last = { sign, atMs };
  }
}
