import { join } from 'node:path';
import { ParticipantKind, type RemoteParticipant, type RemoteTrack } from '@livekit/rtc-node';
import type { CallEvent } from './call-events.ts';
import { Ear } from './ear.ts';
import { FrameLog } from './frame-log.ts';
import { frameLogName } from './recording.ts';

export type HearingDeps = {
  /** Where each voice's frames are logged. */
  readonly folder: string;
  readonly nowMs: () => number;
  readonly emit: (event: CallEvent) => void;
};

/** Hears everyone in the room at once, each voice on a log of its own. */
export class Hearing {
  readonly #deps: HearingDeps;
  readonly #ears = new Map<string, Ear>();

  constructor(deps: HearingDeps) {
    this.#deps = deps;
  }

  /** When any of the voices was last heard; 0 before that. */
  get lastLoudMs(): number {
    return Math.max(0, ...this.#each((ear) => ear.lastLoudMs));
  }

  /** When a voice that began to speak at `sinceMs` or later did so; undefined if none did. */
  beganSince(sinceMs: number): number | undefined {
    const starts = this.#each((ear) => ear.lastStartMs).filter((startMs) => startMs >= sinceMs);
    return starts.length > 0 ? Math.min(...starts) : undefined;
  }

  /** Hears a track until it ends. */
  async listen(track: RemoteTrack, from: RemoteParticipant): Promise<void> {
    let ear = this.#ears.get(from.identity);
    if (!ear) {
      ear = this.#newEar(from);
      this.#ears.set(from.identity, ear);
    }
    await ear.listen(track);
  }

  /** Hears nothing more; resolves when everything is in the logs. */
  async close(): Promise<void> {
    await Promise.all(this.#each((ear) => ear.close()));
  }

  #newEar({ identity, kind }: RemoteParticipant): Ear {
    const { folder, nowMs, emit } = this.#deps;
    const role = kind === ParticipantKind.AGENT ? 'agent' : 'other';
    const log = new FrameLog(join(folder, frameLogName(role, identity)));
    return new Ear({ identity, log, nowMs, emit });
  }

  #each<T>(tell: (ear: Ear) => T): T[] {
    return [...this.#ears.values()].map(tell);
  }
}
