import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { reapWithUs } from '../harness/yard/reaper.ts';
import type { ToolAnswer } from '../../tools/tool.ts';
import type { BookEquipmentAnswer } from '../../tools/dialogue/booking-request.ts';

/** The tools that the faults and the soak use, as the model calls them. */
export type BookingTool =
  | 'find_equipment'
  | 'quote_rental'
  | 'book_equipment'
  | 'find_booking'
  | 'change_booking'
  | 'call_off_rent';

/** What a process with calls is asked: one use of a tool in one call. */
export type ToolUse = {
  readonly id: number;
  readonly callId: string;
  readonly tool: BookingTool;
  readonly args: object;
  /** What the caller says before the model uses the tool; null: the model uses it unasked. */
  readonly words: string | null;
};

/** What it answers; `ms` is how long the caller waited, `stallMs` the longest stop of its loop. */
export type ToolResult = {
  readonly id: number;
  readonly answer: ToolAnswer & Pick<BookEquipmentAnswer, 'booking'>;
  readonly ms: number;
  readonly stallMs: number;
};

/** A process that holds calls as a job does: the real tools, journal and line, and no telephone. */
export class BookingCalls implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #reaper: Disposable;
  readonly #exited: Promise<unknown>;
  readonly #waiting = new Map<number, PromiseWithResolvers<ToolResult>>();
  #lastId = 0;

  /**
   * `env` is Pickup's own; `PICKUP_LINE` names the supervisor, the first of the folder if left out.
   * With `diskFull` the kernel takes no byte of it for any file, as a disk without space.
   */
  constructor(env: Readonly<Record<string, string>>, { diskFull = false } = {}) {
    const program = fileURLToPath(new URL('booking-calls-process.ts', import.meta.url));
    const { PATH = '', HOME = '' } = process.env;
    // Node ignores SIGXFSZ, so that a write beyond the limit fails as one to a full disk does.
    const limit = diskFull ? 'ulimit -f 0; ' : '';
    this.#child = spawn('/bin/sh', ['-c', `${limit}exec "$0" "$1"`, process.execPath, program], {
      env: { PATH, HOME, ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#reaper = reapWithUs(this.pid);
    this.#exited = once(this.#child, 'exit');
    this.#child.on('message', (result: ToolResult) => {
      this.#waiting.get(result.id)?.resolve(result);
      this.#waiting.delete(result.id);
    });
    this.#child.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('The calls were killed'));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** One use of a tool. Rejects when the process is killed meanwhile. */
  async use(use: Omit<ToolUse, 'id'>): Promise<ToolResult> {
    const id = (this.#lastId += 1);
    const waiting = Promise.withResolvers<ToolResult>();
    this.#waiting.set(id, waiting);
    this.#child.send({ id, ...use });
    return waiting.promise;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
    this.#reaper[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.kill();
  }
}
