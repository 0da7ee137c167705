import { StoreError, type StoreErrorCode } from '../infra/store/store-error.ts';

/** By SQLite's primary result code (sqlite.org/rescode.html), the low byte of `errcode`. */
const codes: Readonly<Record<number, StoreErrorCode>> = {
  3: 'STORE_UNAVAILABLE', // PERM
  5: 'STORE_BUSY',
  6: 'STORE_BUSY', // LOCKED
  8: 'STORE_UNAVAILABLE', // READONLY
  10: 'STORE_UNAVAILABLE', // IOERR
  11: 'STORE_UNAVAILABLE', // CORRUPT
  13: 'STORE_FULL',
  14: 'STORE_UNAVAILABLE', // CANTOPEN
  15: 'STORE_BUSY', // PROTOCOL: too many processes open the file at once
  19: 'STORE_CONFLICT', // CONSTRAINT
  26: 'STORE_UNAVAILABLE', // NOTADB
};

/** IOERR_SHMSIZE: there is no space left for the shared-memory file beside the WAL. */
const noSpaceForSharedMemory = 4874;

/** What `node:sqlite` threw, coded. */
export function asStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0;
  const code =
    errcode === noSpaceForSharedMemory ? 'STORE_FULL' : (codes[errcode & 0xff] ?? 'STORE_FAILED');
  const what = error instanceof Error ? error.message : String(error);
  return new StoreError(code, `SQLite: ${what}`, { cause: error });
}
