import type { Room } from '@livekit/rtc-node';

/** Often enough to tell a hang-up from the gateway's media timeout, which comes after 15 s. */
const sampleMs = 1_000;

/** What came from the caller's leg, as RTP packets: frames go on for ever without any. */
export type PacketCount = {
  readonly packets: number;
  readonly lastPacketAtMs: number | null;
};

/** Counts the caller's RTP packets in `room`, and when the last one came, until `stop`. */
export class PacketClock {
  readonly #room: Room;
  readonly #timer: NodeJS.Timeout;
  #packets = 0;
  #lastPacketAtMs: number | null = null;

  constructor(room: Room) {
    this.#room = room;
    this.#timer = setInterval(() => void this.#sample(), sampleMs);
    this.#timer.unref();
  }

  get count(): PacketCount {
    return { packets: this.#packets, lastPacketAtMs: this.#lastPacketAtMs };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #sample(): Promise<void> {
    try {
      const packets = await receivedPackets(this.#room);
      if (packets > this.#packets) this.#lastPacketAtMs = Date.now();
      this.#packets = packets;
    } catch {
      // Not connected at the moment: nothing is known, so nothing is changed.
    }
  }
}

/** With one peer connection all statistics are in `publisherStats`, with two in both. */
async function receivedPackets(room: Room): Promise<number> {
  const { publisherStats, subscriberStats } = await room.getRtcStats();
  let packets = 0;
  for (const { stats } of [...publisherStats, ...subscriberStats]) {
    if (stats.case === 'inboundRtp' && stats.value.stream?.kind === 'audio') {
      packets += Number(stats.value.received?.packetsReceived ?? 0);
    }
  }
  return packets;
}
