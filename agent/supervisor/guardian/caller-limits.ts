import { dialableNumber } from '../../../tools/yard/phone.ts';
import { unlimitedShare } from '../../ipc/messages.ts';

/** One number's calls at once, and in an hour; beyond that another caller goes first. */
const mostAtOnce = 2;
const mostInHour = 20;
const hourMs = 3_600_000;
/** Of the places: those that no robot takes who says nothing. */
const reservedShare = 1 / 4;
/** Numbers that are kept in mind; a flood of made-up ones must not fill the memory. */
const mostNumbers = 5_000;

/** Callers whose number is withheld have one share together. */
const withheld = 'withheld';

/** Tells the calls of one number that would take the lines from all others. Times are the guardian's. */
export class CallerLimits {
  readonly #maxCalls: number;
  readonly #begunAtMs = new Map<string, number[]>();
  /** Numbers from which many people call: the yard's own, and those that it trusts. */
  #exempt: ReadonlySet<string> = new Set();
  #blocked: ReadonlySet<string> = new Set();

  constructor({ maxCalls }: { readonly maxCalls: number }) {
    this.#maxCalls = maxCalls;
  }

  exempt(numbers: Iterable<string>): void {
    this.#exempt = new Set([...numbers].map(keyOf));
  }

  block(numbers: Iterable<string>): void {
    this.#blocked = new Set([...numbers].map(keyOf));
  }

  /** True when a number is turned away: then each caller is looked at first. */
  get blocksAny(): boolean {
    return this.#blocked.size > 0;
  }

  /** A withheld number is none of those that the yard blocks. */
  isBlocked(number: string | null): boolean {
    return number !== null && this.#blocked.has(keyOf(number));
  }

  isExempt(number: string | null): boolean {
    return this.#exempt.has(keyOf(number));
  }

  /** True when only the places are left that are kept for callers who have spoken, or are known. */
  isReserve(placesLeft: number): boolean {
    return placesLeft <= Math.floor(this.#maxCalls * reservedShare);
  }

  /** A call from `number` begins; to be said once a call. */
  began(number: string | null, nowMs: number): void {
    const key = keyOf(number);
    if (this.#begunAtMs.size >= mostNumbers && !this.#begunAtMs.has(key)) this.#forget(nowMs);
    this.#begunAtMs.set(key, [...this.#inHour(key, nowMs), nowMs]);
  }

  /** True when a call from `number`, beside those of `others` that are up, is one of a flood. */
  isFlood(
    number: string | null,
    { others, nowMs }: { readonly others: readonly (string | null)[]; readonly nowMs: number },
  ): boolean {
    const key = keyOf(number);
    if (this.isExempt(number) || others.length <= this.#maxCalls * unlimitedShare) return false;
    const up = others.filter((other) => keyOf(other) === key).length;
    // The call itself is one of those of the hour.
    return up >= mostAtOnce || this.#inHour(key, nowMs).length > mostInHour;
  }

  #inHour(key: string, nowMs: number): readonly number[] {
    return (this.#begunAtMs.get(key) ?? []).filter((atMs) => nowMs - atMs < hourMs);
  }

  #forget(nowMs: number): void {
    for (const key of this.#begunAtMs.keys()) {
      if (this.#inHour(key, nowMs).length === 0) this.#begunAtMs.delete(key);
    }
    // All of them within the hour: the oldest makes way.
    const [oldest] = this.#begunAtMs.keys();
    if (this.#begunAtMs.size >= mostNumbers && oldest !== undefined) this.#begunAtMs.delete(oldest);
  }
}

function keyOf(number: string | null): string {
  return number === null ? withheld : (dialableNumber(number) ?? number);
}
