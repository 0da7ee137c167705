import type { Room } from '@livekit/rtc-node';

/** Often enough to tell a hang-up from the gateway's media timeout, which comes after 15 s. */
const sampleMs = 1_000;

/** What came from the caller's leg, as RTP packets: frames go on for ever without any. */
export type PacketCount = {
  readonly packets: number;
  /** Unix time. */
  readonly lastPacketAtMs: number | null;
};

/** Counts the caller's RTP packets in `room`, and when the last one came, until `stop`. */
export class PacketClock {
  readonly #room: Pick<Room, 'getRtcStats'>;
  readonly #timer: NodeJS.Timeout;
  #sampling = false;
  #packets = 0;
  /** What the statistics said last: they begin again with a track that was taken anew. */
  #counter = 0;
  #lastPacketAtMs: number | null = null;
  /** By the clock that never jumps. */
  #silentSinceMs = performance.now();

  constructor(room: Pick<Room, 'getRtcStats'>) {
    this.#room = room;
    this.#timer = setInterval(() => void this.#sample(), sampleMs);
    this.#timer.unref();
  }

  get count(): PacketCount {
    return { packets: this.#packets, lastPacketAtMs: this.#lastPacketAtMs };
  }

  /** How long no packet has come, to the second; since the clock's start when none ever came. */
  get silentMs(): number {
    return performance.now() - this.#silentSinceMs;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #sample(): Promise<void> {
    if (this.#sampling) return;
    this.#sampling = true;
    try {
      const counter = await receivedPackets(this.#room);
      const fresh = counter - this.#counter;
      this.#counter = counter;
      if (fresh <= 0) return;
      this.#packets += fresh;
      this.#lastPacketAtMs = Date.now();
      this.#silentSinceMs = performance.now();
    } catch {
      // Not connected at the moment: nothing is known, so nothing is changed.
    } finally {
      this.#sampling = false;
    }
  }
}

/** With one peer connection all statistics are in `publisherStats`, with two in both. */
async function receivedPackets(room: Pick<Room, 'getRtcStats'>): Promise<number> {
  const { publisherStats, subscriberStats } = await room.getRtcStats();
  let packets = 0;
  for (const { stats } of [...publisherStats, ...subscriberStats]) {
    if (stats.case === 'inboundRtp' && stats.value.stream?.kind === 'audio') {
      packets += Number(stats.value.received?.packetsReceived ?? 0);
    }
  }
  return packets;
}
