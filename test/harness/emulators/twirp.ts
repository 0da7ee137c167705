/** Twirp's error codes that LiveKit uses, with their HTTP status (twitchtv.github.io/twirp/docs/errors). */
const STATUS = {
  bad_route: 404,
  malformed: 400,
  invalid_argument: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  deadline_exceeded: 408,
  failed_precondition: 412,
  resource_exhausted: 429,
  internal: 500,
  unimplemented: 501,
  unavailable: 503,
} as const;

/** One of Twirp's error codes. */
export type TwirpCode = keyof typeof STATUS;

/** A refusal as a Twirp service sends it. */
export class TwirpFailure extends Error {
  readonly code: TwirpCode;
  readonly meta: Readonly<Record<string, string>> | undefined;

  constructor(code: TwirpCode, message: string, meta?: Readonly<Record<string, string>>) {
    super(message);
    this.code = code;
    this.meta = meta;
  }

  get httpStatus(): number {
    return STATUS[this.code];
  }

  toBody(): object {
    const { code, message, meta } = this;
    return { code, msg: message, ...(meta ? { meta } : {}) };
  }
}

/** What Twirp sends with a bare HTTP status, for the `refuse` fault. */
export function twirpBody(status: number): object {
  const code = Object.entries(STATUS).find(([, httpStatus]) => httpStatus === status)?.[0];
  return { code: code ?? 'unknown', msg: 'refused by the emulator' };
}
