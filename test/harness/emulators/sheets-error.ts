/** A refusal as Google's APIs write it: `{"error":{"code","message","status","details"?}}`. */
export class GoogleError extends Error {
  readonly code: number;
  readonly status: string;
  readonly details: readonly unknown[];

  constructor(code: number, status: string, message: string, details: readonly unknown[] = []) {
    super(message);
    this.code = code;
    this.status = status;
    this.details = details;
  }

  toBody(): object {
    const { code, message, status, details } = this;
    return { error: { code, message, status, ...(details.length > 0 ? { details } : {}) } };
  }
}

/** 400 INVALID_ARGUMENT with Google's message. */
export function invalid(message: string): GoogleError {
  return new GoogleError(400, 'INVALID_ARGUMENT', message);
}

/** 400: the range is protected against this account. */
export function protectedCell(): GoogleError {
  return invalid(
    'You are trying to edit a protected cell or object. ' +
      'Please contact the spreadsheet owner to remove protection if you need to edit.',
  );
}

/** 400 for a field or query parameter that the method does not have. */
export function unknownName(name: string, where: string): GoogleError {
  const description = `Invalid JSON payload received. Unknown name "${name}"${where}`;
  return new GoogleError(400, 'INVALID_ARGUMENT', description, [
    { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ description }] },
  ]);
}

/** 429: the quota of a minute is used up. */
export function quotaExceeded(kind: 'Read' | 'Write', limit: number): GoogleError {
  const name = `${kind}RequestsPerMinutePerUser`;
  const message =
    `Quota exceeded for quota metric '${kind} requests' and limit ` +
    `'${kind} requests per minute per user' of service 'sheets.googleapis.com' ` +
    `for consumer 'project_number:100000000000'.`;
  return new GoogleError(429, 'RESOURCE_EXHAUSTED', message, [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'RATE_LIMIT_EXCEEDED',
      domain: 'googleapis.com',
      metadata: {
        service: 'sheets.googleapis.com',
        quota_metric: `sheets.googleapis.com/${kind.toLowerCase()}_requests`,
        quota_limit: name,
        quota_limit_value: String(limit),
        quota_unit: '1/min/{project}/{user}',
        consumer: 'projects/100000000000',
      },
    },
  ]);
}

/** The error that Google sends with a bare status, for the `refuse` fault. */
export function errorForStatus(status: number): GoogleError {
  const known: Record<number, readonly [string, string]> = {
    400: ['INVALID_ARGUMENT', 'Request contains an invalid argument.'],
    401: ['UNAUTHENTICATED', 'Request had invalid authentication credentials.'],
    403: ['PERMISSION_DENIED', 'The caller does not have permission'],
    404: ['NOT_FOUND', 'Requested entity was not found.'],
    500: ['INTERNAL', 'Internal error encountered.'],
    503: ['UNAVAILABLE', 'The service is currently unavailable.'],
  };
  if (status === 429) return quotaExceeded('Read', 60);
  const [name, message] = known[status] ?? ['UNKNOWN', 'Unknown error.'];
  return new GoogleError(status, name, message);
}
