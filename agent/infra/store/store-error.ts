/**
 * The fault of the store; stable, decide by it.
 * - `STORE_UNAVAILABLE`: it cannot be opened or reached, or the connection was lost
 * - `STORE_BUSY`: locked by others, or in conflict with them, for longer than we wait
 * - `STORE_FULL`: no space left to write to
 * - `STORE_CONFLICT`: a unique or check constraint refused the row
 * - `STORE_FAILED`: the database refused for any other reason, which is a bug of ours
 */
export type StoreErrorCode =
  'STORE_UNAVAILABLE' | 'STORE_BUSY' | 'STORE_FULL' | 'STORE_CONFLICT' | 'STORE_FAILED';

/** Every failure of the store. `cause` is the database's own error and may hold personal data. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
