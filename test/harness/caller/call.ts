import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { freeze } from '../yard/freeze.ts';
import { reapWithUs } from '../yard/reaper.ts';
import type {
  CallCommand,
  CallEvent,
  CallEventOf,
  CallMessage,
  CallOrder,
  SpokenLine,
} from './call-events.ts';
import { reportCall, type CallReport } from './call-report.ts';
import type { GatewayIdentity } from './gateway-identity.ts';
import { readVoices, writeRecording } from './recording.ts';
import { renderLine, type Render } from './rendered-line.ts';

/** What is left of a caller that does not hang up by itself within this time is killed. */
const HANG_UP_MS = 5_000;
const STDERR_CHARS = 4_000;

export type CallDeps = {
  readonly gateway: GatewayIdentity;
  /** The caller process's folder; removed when the call is over. */
  readonly folder: string;
  readonly recordTo: string | null;
  readonly render: Render;
  readonly onEvent: (event: CallEvent) => void;
};

type Waiting = { notice(event: CallEvent): void; giveUp(): void };

/** A call placed by `placeCall`, as its caller holds it. `await using` ends it. */
export class Call implements AsyncDisposable {
  readonly callId: string;
  readonly room: string;
  /** The caller's identity in the room. */
  readonly identity: string;
  /** The report, when the call is over and the process gone; rejects only when the caller broke. */
  readonly ended: Promise<CallReport>;
  readonly #deps: CallDeps;
  readonly #child: ChildProcess;
  readonly #events: CallEvent[] = [];
  readonly #waiting = new Set<Waiting>();
  #failure: string | undefined;
  #stderr = '';
  #vanished = false;
  #frozen: Disposable | undefined;

  constructor(deps: CallDeps) {
    this.#deps = deps;
    this.callId = deps.gateway.callId;
    this.room = deps.gateway.room;
    this.identity = deps.gateway.identity;
    this.#child = fork(new URL('./caller-process.ts', import.meta.url), {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // The flags of a test runner are not for it.
      execArgv: [],
    });
    this.#child.on('message', (message: CallMessage) => this.#receive(message));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS);
    });
    this.ended = once(this.#child, 'exit').then(() => this.#finish());
    // Who asks for the report is told of a failure; who does not need not be.
    this.ended.catch(() => {});
  }

  /** What has happened so far, in order. */
  get events(): readonly CallEvent[] {
    return this.#events;
  }

  /** The caller's process. @throws {Error} if it could not be started. */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('The caller has no process');
    return pid;
  }

  /** The first step; `placeCall` takes it. */
  async place(order: CallOrder): Promise<void> {
    this.#send({ do: 'place', order });
    // The report says more than that nothing rang.
    await this.waitFor('ringing').catch(() => this.ended);
  }

  /** The first event of this type, past or to come; rejects when the call ends without one. */
  async waitFor<T extends CallEvent['type']>(
    type: T,
    predicate: (event: CallEventOf<T>) => boolean = () => true,
  ): Promise<CallEventOf<T>> {
    const matches = (event: CallEvent): event is CallEventOf<T> =>
      isOfType(event, type) && predicate(event);
    const past = this.#events.find(matches);
    if (past) return past;
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        notice: (event) => {
          if (!matches(event)) return;
          this.#waiting.delete(waiting);
          resolve(event);
        },
        giveUp: () => reject(new Error(`The call ended without: ${type}`)),
      };
      this.#waiting.add(waiting);
    });
  }

  /** Says a line after those already waiting; resolves when it was said. */
  async say(line: string | SpokenLine): Promise<CallEventOf<'said'>> {
    const spoken = typeof line === 'string' ? await renderLine(line, this.#deps) : line;
    const before = this.#events.length;
    this.#send({ do: 'say', spoken });
    return this.waitFor(
      'said',
      (event) => event.line === spoken.line && this.#events.indexOf(event) >= before,
    );
  }

  /** Presses a key: 0 to 9, * or #. */
  sendDtmf(digit: string): void {
    this.#send({ do: 'dtmf', digit });
  }

  /** Hangs up, ringing or answered. */
  hangUp(): Promise<CallReport> {
    this.#send({ do: 'hang-up' });
    return this.ended;
  }

  /** Hangs up while it rings. @throws {Error} when the call was answered already. */
  cancel(): Promise<CallReport> {
    if (this.#events.some((event) => event.type === 'answered')) {
      throw new Error('The call was answered; it can be hung up, not cancelled');
    }
    return this.hangUp();
  }

  /** Is gone without a word: the process is killed. */
  vanish(): Promise<CallReport> {
    this.#vanished = true;
    this.#child.kill('SIGKILL');
    return this.ended;
  }

  /** Stops the caller's process where it is; resolves when it stands still. */
  async freeze(): Promise<void> {
    // Stopped, it cannot see the end of its parent.
    this.#frozen ??= reapWithUs(this.pid, { folder: this.#deps.folder });
    await freeze(this.pid);
  }

  thaw(): void {
    process.kill(this.pid, 'SIGCONT');
    this.#frozen?.[Symbol.dispose]();
    this.#frozen = undefined;
  }

  /** Sends no more packets and stays; the gateway's media timeout then ends the call. */
  stopPackets(): void {
    this.#send({ do: 'stop-packets' });
  }

  /** Sends packets again. */
  resumePackets(): void {
    this.#send({ do: 'resume-packets' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const late = setTimeout(() => void this.vanish(), this.#frozen ? 0 : HANG_UP_MS);
    await this.hangUp().catch(() => {});
    clearTimeout(late);
  }

  #send(command: CallCommand): void {
    // The call may be over by the time it is told what to do.
    if (this.#child.connected) this.#child.send(command, () => {});
  }

  #receive(message: CallMessage): void {
    if ('failed' in message) {
      this.#failure = message.failed;
      this.#child.kill('SIGKILL');
    } else this.#note(message.event);
  }

  #note(event: CallEvent): void {
    this.#events.push(event);
    this.#deps.onEvent(event);
    for (const waiting of this.#waiting) waiting.notice(event);
    // Nothing comes after it; the process ends with the channel.
    if (event.type === 'ended' && this.#child.connected) this.#child.disconnect();
  }

  async #finish(): Promise<CallReport> {
    this.#frozen?.[Symbol.dispose]();
    try {
      this.#noteDeath();
      const { folder, recordTo, gateway } = this.#deps;
      const voices = await readVoices(folder);
      if (recordTo !== null) await writeRecording(voices, recordTo);
      const { callId, room } = gateway;
      return reportCall({ callId, room, events: this.#events, voices, recording: recordTo });
    } finally {
      this.#giveUpWaiting();
      await rm(this.#deps.folder, { recursive: true, force: true });
    }
  }

  /** A process that is gone without an `ended`: killed by us, or broken. */
  #noteDeath(): void {
    if (this.#events.some((event) => event.type === 'ended')) return;
    const [ringing] = this.#events;
    if (!this.#vanished || ringing?.type !== 'ringing') {
      const how = this.#failure ?? `${this.#child.signalCode ?? this.#child.exitCode}`;
      throw new Error(`The caller's process failed: ${how}\n${this.#stderr}`.trimEnd());
    }
    const atMs = Date.now() - ringing.epochMs;
    this.#note({ type: 'ended', by: 'caller', disconnectReason: null, atMs });
  }

  #giveUpWaiting(): void {
    for (const waiting of this.#waiting) waiting.giveUp();
    this.#waiting.clear();
  }
}

function isOfType<T extends CallEvent['type']>(event: CallEvent, type: T): event is CallEventOf<T> {
  return event.type === type;
}
