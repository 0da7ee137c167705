/** What a caller was told of a booking, at last. */
export type Spoken = 'confirmed' | 'pending' | 'refused';

/** One case as it is printed, less its name; `why` says what did not hold. Times in milliseconds. */
export type FaultOutcome = {
  readonly ok: boolean;
  readonly spoken: Spoken | null;
  /** Rows of the sheet that hold the booked unit. */
  readonly rowsInSheet: number | null;
  /** Bookings of the journal, in any state. */
  readonly inJournal: number | null;
  /** The longest that the caller waited for an answer. */
  readonly ms: number | null;
  readonly why: string | null;
};

/** A fault, and what must hold in spite of it. `run` rejects when it could not be shown at all. */
export type FaultCase = { readonly name: string; readonly run: () => Promise<FaultOutcome> };
