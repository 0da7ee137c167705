import type { Room } from '@livekit/rtc-node';
import { withDeadline } from '../../infra/deadline.ts';

/** Often enough that a gap of five seconds is known half a second later. */
const sampleMs = 500;
/** A look takes a few milliseconds; one whose answer is lost must not be the last. */
const lookMs = 2_000;

/** The RTP packets that went over the caller's leg: frames go on for ever without any. */
export type PacketCount = {
  /** The caller's packets. */
  readonly packets: number;
  /** Unix time. */
  readonly lastPacketAtMs: number | null;
  /** The agent's packets; the SDK sends silence, too. */
  readonly packetsOut: number;
  /** Unix time. */
  readonly lastPacketOutAtMs: number | null;
};

/** The finding of one look at the statistics. */
export type PacketSample = {
  /** By the clock that never jumps. */
  readonly atMs: number;
  /** Packets from the caller since the sample before. */
  readonly packets: number;
};

/**
 * Counts RTP packets in `room`, in both directions, and when the last ones were, until `stop`. All
 * audio that comes in is the caller's: nobody else is subscribed to (`joinRoom`).
 */
export class RtpStats {
  readonly #room: Pick<Room, 'getRtcStats'>;
  readonly #onSample: (sample: PacketSample) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #in = new StreamCounter();
  readonly #out = new StreamCounter();
  #looking: Promise<void> | undefined;
  #isStopped = false;
  /** By the clock that never jumps. */
  #silentSinceMs = performance.now();
  /** The last look that found statistics. */
  #lookedAtMs = this.#silentSinceMs;

  /** `onSample` hears of each look that found statistics; without a connection there are none. */
  constructor(
    room: Pick<Room, 'getRtcStats'>,
    { onSample = () => {} }: { readonly onSample?: (sample: PacketSample) => void } = {},
  ) {
    this.#room = room;
    this.#onSample = onSample;
    this.#timer = setInterval(() => void this.look(), sampleMs);
    this.#timer.unref();
  }

  get count(): PacketCount {
    return {
      packets: this.#in.total,
      lastPacketAtMs: this.#in.lastAtMs,
      packetsOut: this.#out.total,
      lastPacketOutAtMs: this.#out.lastAtMs,
    };
  }

  /**
   * For how long no packet had come at the last look that found statistics; from the clock's start
   * when none ever came.
   */
  get silentMs(): number {
    return this.#lookedAtMs - this.#silentSinceMs;
  }

  /** Takes a sample at once, or waits for the one that is being taken. Never rejects. */
  async look(): Promise<void> {
    this.#looking ??= this.#sample();
    await this.#looking;
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }

  async #sample(): Promise<void> {
    const streams = await audioStreams(this.#room);
    this.#looking = undefined;
    if (!streams || this.#isStopped) return;
    const atMs = performance.now();
    this.#lookedAtMs = atMs;
    const packets = this.#in.take(streams.received);
    this.#out.take(streams.sent);
    if (packets > 0) this.#silentSinceMs = atMs;
    this.#onSample({ atMs, packets });
  }
}

/** The packets of each stream so far, by its SSRC. */
type StreamPackets = ReadonlyMap<number | undefined, number>;

/** Adds up streams whose counts may vanish and come back, or begin anew with a track taken anew. */
class StreamCounter {
  readonly #counts = new Map<number | undefined, number>();
  #total = 0;
  #lastAtMs: number | null = null;

  get total(): number {
    return this.#total;
  }

  /** Unix time of the last look that found fresh packets. */
  get lastAtMs(): number | null {
    return this.#lastAtMs;
  }

  /** Returns how many packets are fresh. */
  take(streams: StreamPackets): number {
    let fresh = 0;
    for (const [ssrc, count] of streams) {
      const before = this.#counts.get(ssrc) ?? 0;
      fresh += count < before ? count : count - before;
      this.#counts.set(ssrc, count);
    }
    this.#total += fresh;
    if (fresh > 0) this.#lastAtMs = Date.now();
    return fresh;
  }
}

/**
 * With one peer connection all statistics are in `publisherStats`, with two in both. Null without a
 * connection: nothing is known then, so nothing may be concluded.
 */
async function audioStreams(
  room: Pick<Room, 'getRtcStats'>,
): Promise<{ readonly received: StreamPackets; readonly sent: StreamPackets } | null> {
  const received = new Map<number | undefined, number>();
  const sent = new Map<number | undefined, number>();
  try {
    const { publisherStats, subscriberStats } = await withDeadline(() => room.getRtcStats(), {
      ms: lookMs,
      label: 'statistics',
    });
    for (const { stats } of [...publisherStats, ...subscriberStats]) {
      if (stats.case !== 'inboundRtp' && stats.case !== 'outboundRtp') continue;
      if (stats.value.stream?.kind !== 'audio') continue;
      const { ssrc } = stats.value.stream;
      if (stats.case === 'inboundRtp') {
        received.set(ssrc, Number(stats.value.received?.packetsReceived ?? 0));
      } else {
        sent.set(ssrc, Number(stats.value.sent?.packetsSent ?? 0));
      }
    }
  } catch {
    return null;
  }
  return { received, sent };
}
