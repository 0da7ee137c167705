/** The faults of a request to Google Sheets. The codes are stable; the messages are not. */
export type SheetsErrorCode =
  | 'SHEETS_BAD_CREDENTIALS'
  | 'SHEETS_FORBIDDEN'
  | 'SHEETS_NOT_FOUND'
  | 'SHEETS_BAD_RANGE'
  /** A tab, or a part of it, may be changed by its owner alone. */
  | 'SHEETS_PROTECTED'
  | 'SHEETS_RATE_LIMITED'
  | 'SHEETS_UNAVAILABLE'
  | 'SHEETS_TIMEOUT'
  | 'SHEETS_UNREADABLE';

const retryableCodes: readonly SheetsErrorCode[] = [
  'SHEETS_RATE_LIMITED',
  'SHEETS_UNAVAILABLE',
  'SHEETS_TIMEOUT',
  'SHEETS_UNREADABLE',
];

/**
 * A request to Google Sheets that failed. It has no `cause` on purpose: the library's errors carry
 * the request's headers and the response's cells. `status` is the HTTP status, if there was one.
 */
export class SheetsError extends Error {
  override readonly name = 'SheetsError';
  readonly code: SheetsErrorCode;
  readonly status: number | null;
  /** True when the same request may succeed later with nobody doing anything about it. */
  readonly retryable: boolean;

  constructor(code: SheetsErrorCode, message: string, status: number | null = null) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryable = retryableCodes.includes(code);
  }
}

const refusals: readonly SheetsErrorCode[] = [
  'SHEETS_BAD_CREDENTIALS',
  'SHEETS_FORBIDDEN',
  'SHEETS_NOT_FOUND',
];

/** The code of an error that says that the sheet is not ours to use until a person sees to it. */
export function refusalOf(error: unknown): SheetsErrorCode | null {
  return error instanceof SheetsError && refusals.includes(error.code) ? error.code : null;
}

/** The code for an HTTP status that Sheets answers with (ecosystem-facts 2.3). */
export function codeForStatus(status: number): SheetsErrorCode {
  if (status === 400) return 'SHEETS_BAD_RANGE';
  if (status === 401) return 'SHEETS_BAD_CREDENTIALS';
  if (status === 403) return 'SHEETS_FORBIDDEN';
  if (status === 404) return 'SHEETS_NOT_FOUND';
  if (status === 429) return 'SHEETS_RATE_LIMITED';
  if (status >= 500 || status === 408) return 'SHEETS_UNAVAILABLE';
  return 'SHEETS_UNREADABLE';
}
