import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/config.ts';
import { countCanary } from '../infra/store/digest.ts';
import type { Store } from '../infra/store/database.ts';
import { canaryFinding, type CanaryFault, type CanaryFinding } from '../ipc/canary-finding.ts';
import type { Log } from '../telemetry/events.ts';

const canaryEntry = fileURLToPath(new URL('../canary/canary.ts', import.meta.url));
/** Longer than all that it waits for together. */
const mostMs = 240_000;
/** A call that had to wait for its place is tried again after this. */
const postponedMs = 30_000;

/** Test calls that failed, one after another. */
export type CanaryTrouble = { readonly failures: number; readonly why: CanaryFault };

/**
 * Makes a test call every `CANARY_MS`, one at a time, in a process of its own. Customers come first:
 * it waits while half of the places are taken, and for a warm process that nobody else needs.
 */
export class Canary {
  readonly #everyMs: number;
  readonly #store: Store;
  readonly #log: Log;
  readonly #entry: string;
  readonly #hasRoom: () => boolean;
  readonly #today: () => string | null;
  #timer: NodeJS.Timeout | undefined;
  #child: ChildProcess | undefined;
  #trouble: CanaryTrouble | null = null;
  #stopped = false;

  /** `entry` is the test call's program; another one in tests. */
  constructor(options: {
    readonly canary: NonNullable<Config['canary']>;
    readonly store: Store;
    readonly log: Log;
    /** False while customers may need the place. */
    readonly hasRoom: () => boolean;
    /** The yard's day; null until its zone is known. */
    readonly today: () => string | null;
    readonly entry?: string;
  }) {
    this.#everyMs = options.canary.everyMs;
    this.#store = options.store;
    this.#log = options.log;
    this.#hasRoom = options.hasRoom;
    this.#today = options.today;
    this.#entry = options.entry ?? canaryEntry;
  }

  /** The failures since the last call that was as it should be; null when there are none. */
  get trouble(): CanaryTrouble | null {
    return this.#trouble;
  }

  start(): void {
    this.#again(this.#everyMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#child?.kill('SIGKILL');
  }

  #again(ms: number): void {
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#look(), ms).unref();
  }

  async #look(): Promise<void> {
    if (!this.#hasRoom()) return this.#again(Math.min(postponedMs, this.#everyMs));
    const finding = await this.#call();
    if (this.#stopped) return;
    const { why, ...figures } = finding;
    const failures = why === null ? 0 : (this.#trouble?.failures ?? 0) + 1;
    this.#trouble = why === null ? null : { failures, why };
    if (why === null) this.#log.emit('canary.passed', figures);
    else this.#log.emit('canary.failed', { ...figures, why, failures });
    this.#again(this.#everyMs);
    await this.#count(why === null);
  }

  /** Holds one call. Resolves, whatever becomes of its process. */
  async #call(): Promise<CanaryFinding> {
    const nothing = { why: 'broken', callId: null, firstWordMs: null, answerMs: null } as const;
    const child = fork(this.#entry, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child = child;
    const late = setTimeout(() => child.kill('SIGKILL'), mostMs).unref();
    let finding: CanaryFinding = nothing;
    child.on('message', (message) => {
      finding = canaryFinding.safeParse(message).data ?? nothing;
    });
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    clearTimeout(late);
    this.#child = undefined;
    return finding;
  }

  /** For the digest of the day. */
  async #count(hasPassed: boolean): Promise<void> {
    const day = this.#today();
    if (day === null) return;
    try {
      await countCanary(this.#store, { day, hasPassed });
    } catch (error) {
      this.#log.emit('store.failed', { error }, 'canary');
    }
  }
}
