/** Remembers how something failed last, so that the same failure is told once and not at each retry. */
export class FailureMemory {
  #last: string | undefined;

  /** Notes `error`; true when it differs from the last one, or is the first since `clear`. */
  isNew(error: unknown): boolean {
    const failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const isNew = failure !== this.#last;
    this.#last = failure;
    return isNew;
  }

  /** Forgets the last failure after a success: the next one is new. */
  clear(): void {
    this.#last = undefined;
  }
}
