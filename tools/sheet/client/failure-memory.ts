/** Remembers how something failed last, so that the same failure is told once and not at each retry. */
export class FailureMemory {
  #last: string | undefined;

  /** Whether `error` is another failure than the last one, or the first since `clear`. Notes it. */
  isNew(error: unknown): boolean {
    const failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const isNew = failure !== this.#last;
    this.#last = failure;
    return isNew;
  }

  /** It went well: whatever fails next is new. */
  clear(): void {
    this.#last = undefined;
  }
}
