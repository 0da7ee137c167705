import { ConnectionState } from '@livekit/rtc-node';
import type { Room } from '@livekit/rtc-node';
import type { Timeouts } from '../../config/timeouts.ts';
import { GapDetector } from './gap-detector.ts';
import { LegActivity } from '../leg/leg-activity.ts';
import type { CallState } from '../call-state.ts';
import type { CallTimers } from '../call-timers.ts';
import { RtpStats } from './rtp-stats.ts';
import type { PacketCount } from './rtp-stats.ts';
import { emptyFigures } from './gap-figures.ts';
import type { RecoveryFigures } from './gap-figures.ts';
import { GapRecovery } from './gap-recovery.ts';
import type { SavedRecovery } from './gap-recovery.ts';
import type { EmitGap } from './recovery-ladder.ts';
import { callersTrack, resubscribe } from './resubscribe.ts';

/** The audio's figures in a call's closing line. */
export type MediaFigures = PacketCount & { readonly gaps: RecoveryFigures };

type MediaMonitorDeps = {
  readonly room: Room;
  readonly callerIdentity: string;
  readonly timeouts: Timeouts;
  readonly timers: CallTimers;
  readonly state: Pick<CallState, 'activity' | 'may'>;
  readonly emit: EmitGap;
  readonly ask: () => void;
  readonly rejoin: () => Promise<void>;
  readonly isServerThere: () => Promise<boolean>;
  readonly giveUp: () => Promise<void>;
  /** The polite end takes so long. */
  readonly giveUpMs: () => number;
};

/** The call is over so long before the gateway would hang up by itself. */
const beforeTimeoutMs = 1_500;
/** Without a packet for this part of the gateway's media timeout, a hang-up was that timeout. */
const silentLegShare = 2 / 3;

/** The caller's audio, from the first packet on: counted, and missed when it stops. */
export class MediaMonitor {
  readonly #deps: MediaMonitorDeps;
  readonly #clock: RtpStats;
  readonly #signs: LegActivity;
  #gap: GapDetector | undefined;
  #recovery: GapRecovery | undefined;
  /** The last packet before the gap that is open; null when none is. */
  #openSinceMs: number | null = null;

  constructor(deps: MediaMonitorDeps) {
    this.#deps = deps;
    const { room, callerIdentity } = deps;
    this.#clock = new RtpStats(room, { onSample: (sample) => this.#gap?.sample(sample) });
    this.#signs = new LegActivity(room, { identity: callerIdentity });
  }

  get figures(): MediaFigures {
    return { ...this.#clock.count, gaps: this.#recovery?.figures ?? emptyFigures };
  }

  /** True when no packet has come from the caller for so long that their leg is silent, not they. */
  get isLegSilent(): boolean {
    const { timeouts } = this.#deps;
    if (this.#isPutThrough) return false;
    // The server's blank frames, for a track that is taken anew, do not end a gap.
    const gapMs = performance.now() - (this.#openSinceMs ?? Infinity);
    return Math.max(this.#clock.silentMs, gapMs) >= timeouts.sipMediaTimeoutMs * silentLegShare;
  }

  get saved(): SavedRecovery {
    return (
      this.#recovery?.saved ?? {
        attemptsUsed: 0,
        lastAttemptAtMs: null,
        openSinceMs: null,
        figures: emptyFigures,
      }
    );
  }

  /** Deals with gaps from now on; `saved` is from an earlier job of the call. */
  start(saved: SavedRecovery | undefined): void {
    const { room, timeouts, timers, emit, callerIdentity } = this.#deps;
    const { ask, rejoin, giveUp, giveUpMs, state, isServerThere } = this.#deps;
    const recovery = new GapRecovery({
      steps: {
        // oxlint-disable-next-line typescript/require-await -- said, and not waited for
        ask: async () => ask(),
        resubscribe: (signal) => resubscribe(room, { identity: callerIdentity, signal }),
        rejoin,
        giveUp,
      },
      signOfLife: () => this.#signs.fresh,
      mustWait: () => !state.may('recover') || (this.#gap?.isHealing ?? false),
      look: () => this.#clock.look(),
      isServerThere,
      timers,
      emit,
      gapCooldownMs: timeouts.gapCooldownMs,
      gapMaxAttempts: timeouts.gapMaxAttempts,
      mediaTimeoutMs: timeouts.sipMediaTimeoutMs,
      politeEndMs: () => giveUpMs() + beforeTimeoutMs,
      ...(saved ? { saved } : {}),
    });
    this.#recovery = recovery;
    const openSinceMs = saved?.openSinceMs ?? null;
    const silentMs = openSinceMs === null ? null : Date.now() - openSinceMs;
    this.#openSinceMs = silentMs === null ? null : performance.now() - silentMs;
    this.#gap = new GapDetector({
      audioGapMs: timeouts.audioGapMs,
      silentMs,
      conditions: () => {
        const track = callersTrack(room, callerIdentity);
        return {
          isLive: !this.#isPutThrough,
          trackIsPublished: track !== undefined,
          trackIsMuted: track?.muted ?? false,
          isReconnecting: room.connectionState !== ConnectionState.CONN_CONNECTED,
        };
      },
      onGap: (gap) => {
        this.#openSinceMs = performance.now() - gap.silentMs;
        recovery.gapOpened(gap);
      },
      onEnd: (end) => {
        this.#openSinceMs = null;
        recovery.gapEnded(end);
      },
    });
    recovery.carryOn();
  }

  /** While the caller is put through their silence means nothing. */
  get #isPutThrough(): boolean {
    return this.#deps.state.activity?.name === 'transferring';
  }

  stop(): void {
    this.#clock.stop();
    this.#signs.stop();
    this.#recovery?.stop();
    this.#gap = undefined;
  }
}
