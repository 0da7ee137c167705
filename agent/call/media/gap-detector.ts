import type { PacketSample } from './rtp-stats.ts';

/** The conditions under which silence on the wire means anything. */
export type GapConditions = {
  /** The caller is on the line with us: answered, and not being put through to somebody else. */
  readonly isLive: boolean;
  readonly trackIsPublished: boolean;
  readonly trackIsMuted: boolean;
  /** This agent's own connection is being restored. */
  readonly isReconnecting: boolean;
};

/** The end of a gap: with packets, or because silence no longer means anything. `lengthMs`: until then. */
export type GapEnd = { readonly lengthMs: number; readonly packetsAreBack: boolean };

type GapDetectorDeps = {
  readonly audioGapMs: number;
  readonly conditions: () => GapConditions;
  readonly onGap: (gap: { readonly silentMs: number }) => void;
  readonly onEnd: (end: GapEnd) => void;
  /** A clock that never jumps. */
  readonly nowMs?: () => number;
};

/**
 * Leaving a dead track makes the server send blank frames on it, for up to 0.2 s (1.13.11: RTPBlankFramesCloseSeconds):
 * they can fall into two samples of half a second, not into three, and not into all of this time.
 */
const samplesToHeal = 3;
const healMs = 900;
/** Silence suppression leaves 0.25 s between packets: finding none in less time means nothing. */
const emptyMs = 300;

/**
 * Notices that no packet has come from the caller for `audioGapMs`, once, and when that is over. A
 * silent caller, music on hold and silence suppression are no gaps: they send 4 packets a second or
 * more.
 */
export class GapDetector {
  readonly #deps: GapDetectorDeps;
  /** The last packet, or the start of silence that means something; null while none does. */
  #silentSinceMs: number | null = null;
  #isOpen = false;
  /** The times of the samples in the latest row with packets, in an open gap. */
  #healing: number[] = [];

  /** `silentMs`: how long a gap already lasts that the job before this one found; null for none. */
  constructor(deps: GapDetectorDeps & { readonly silentMs?: number | null }) {
    this.#deps = deps;
    if (typeof deps.silentMs !== 'number') return;
    this.#silentSinceMs = (deps.nowMs ?? performance.now.bind(performance))() - deps.silentMs;
    this.#isOpen = true;
  }

  /** True while packets come again, and it is not yet known whether they stay. */
  get isHealing(): boolean {
    return this.#healing.length > 0;
  }

  /** Takes a sample of the packet clock. */
  sample({ atMs, packets }: PacketSample): void {
    if (!isMeaningful(this.#deps.conditions())) {
      if (this.#isOpen) this.#end({ atMs, packetsAreBack: false });
      this.#silentSinceMs = null;
    } else if (packets > 0) {
      if (this.#isOpen) this.#heal(atMs);
      else this.#silentSinceMs = atMs;
    } else {
      if (atMs - (this.#healing.at(-1) ?? -Infinity) < emptyMs) return;
      this.#healing = [];
      this.#silentSinceMs ??= atMs;
      const silentMs = atMs - this.#silentSinceMs;
      if (this.#isOpen || silentMs < this.#deps.audioGapMs) return;
      this.#isOpen = true;
      this.#deps.onGap({ silentMs });
    }
  }

  #heal(atMs: number): void {
    this.#healing.push(atMs);
    const [firstAtMs = atMs] = this.#healing;
    if (this.#healing.length < samplesToHeal || atMs - firstAtMs < healMs) return;
    this.#end({ atMs: firstAtMs, packetsAreBack: true });
    this.#silentSinceMs = atMs;
  }

  #end({ atMs, packetsAreBack }: { atMs: number; packetsAreBack: boolean }): void {
    const lengthMs = atMs - (this.#silentSinceMs ?? atMs);
    this.#isOpen = false;
    this.#healing = [];
    this.#deps.onEnd({ lengthMs, packetsAreBack });
  }
}

function isMeaningful({ isLive, trackIsPublished, trackIsMuted, isReconnecting }: GapConditions) {
  return isLive && trackIsPublished && !trackIsMuted && !isReconnecting;
}
