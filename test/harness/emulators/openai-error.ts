/** A refusal as OpenAI writes it: `{"error":{"message","type","param","code"}}`. */
export class OpenAiError extends Error {
  readonly status: number;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;

  constructor(
    status: number,
    message: string,
    {
      type = 'invalid_request_error',
      param = null,
      code = null,
    }: Partial<Pick<OpenAiError, 'type' | 'param' | 'code'>> = {},
  ) {
    super(message);
    this.status = status;
    this.type = type;
    this.param = param;
    this.code = code;
  }

  toBody(): object {
    const { message, type, param, code } = this;
    return { error: { message, type, param, code } };
  }
}

/** 401, with the key masked as OpenAI does. */
export function wrongKey(key: string | undefined): OpenAiError {
  if (key === undefined) {
    const message =
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
    return new OpenAiError(401, message);
  }
  const masked = `${key.slice(0, 3)}****${key.slice(-4)}`;
  const message = `Incorrect API key provided: ${masked}. You can find your API key at https://platform.openai.com/account/api-keys.`;
  return new OpenAiError(401, message, { code: 'invalid_api_key' });
}

/** The error that OpenAI sends with a bare status, for the `refuse` fault. */
export function errorForStatus(status: number): OpenAiError {
  switch (status) {
    case 401:
      return wrongKey('sk-wrong');
    case 429: {
      const message = 'Rate limit reached for requests. Please try again later.';
      return new OpenAiError(429, message, { type: 'requests', code: 'rate_limit_exceeded' });
    }
    case 503:
      return new OpenAiError(503, 'The server is overloaded. Please try again later.', {
        type: 'service_unavailable_error',
      });
    default: {
      const type = status >= 500 ? 'server_error' : 'invalid_request_error';
      return new OpenAiError(status, 'The server had an error while processing your request.', {
        type,
      });
    }
  }
}
