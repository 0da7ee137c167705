import type { LogLine } from './service-log.ts';

/** Which call each process under test serves, as its log tells, and what the callers may say. */
export class ClientCalls {
  /** Lines that any caller may say. */
  readonly commonLines = new Set<string>();
  readonly #ownLines = new Map<string, ReadonlySet<string>>();
  readonly #callIds = new Map<number, string>();

  note({ callId, jobPid }: LogLine): void {
    if (callId !== undefined && typeof jobPid === 'number') this.#callIds.set(jobPid, callId);
  }

  /** Its caller says these lines, beside the common ones. */
  expect(callId: string, lines: readonly string[]): void {
    this.#ownLines.set(callId, new Set(lines));
  }

  /** The call that a process serves; undefined for one that serves none, or has not said so yet. */
  callOf(client: number | null): string | undefined {
    return client === null ? undefined : this.#callIds.get(client);
  }

  /** Whether the caller of a process's call may say the line; of an unknown call, anybody's. */
  understands(client: number | null, line: string): boolean {
    const ownLines = this.#ownLines.get(this.callOf(client) ?? '');
    return !ownLines || ownLines.has(line) || this.commonLines.has(line);
  }
}
