/** The `code` of a system error, such as `EADDRINUSE`; undefined for any other thrown thing. */
export function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
