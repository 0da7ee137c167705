/** Why Deepgram refuses a request: a 400 with this code and message. */
export class BadRequest extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a live transcription was asked for. */
export type ListenParams = {
  readonly model: string;
  readonly sampleRate: number;
  readonly channels: number;
  readonly interimResults: boolean;
  readonly vadEvents: boolean;
  /** Text as written: capitals and punctuation. */
  readonly formatted: boolean;
  /** Silence after which an utterance is final; undefined when switched off. */
  readonly endpointingMs: number | undefined;
  readonly utteranceEndMs: number | undefined;
  readonly keyterms: readonly string[];
};

/** What a voice was asked for. */
export type SpeakParams = {
  readonly model: string;
  readonly sampleRate: number;
  readonly wav: boolean;
};

type Check = (value: string) => boolean;

const isBoolean: Check = (value) => value === 'true' || value === 'false';
const isAnything: Check = () => true;
const isIntegerIn = (min: number, max: number): Check => {
  return (value) => /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max;
};

const listenChecks: Record<string, Check> = {
  model: isAnything,
  version: isAnything,
  language: (value) => /^(multi|[a-z]{2}(-[A-Za-z0-9]{2,4})?)$/.test(value),
  encoding: (value) =>
    /^(linear16|linear32|flac|alaw|mulaw|amr-nb|amr-wb|opus|ogg-opus|speex|g729)$/.test(value),
  sample_rate: isIntegerIn(8_000, 48_000),
  channels: isIntegerIn(1, 2),
  multichannel: isBoolean,
  interim_results: isBoolean,
  vad_events: isBoolean,
  punctuate: isBoolean,
  smart_format: isBoolean,
  dictation: isBoolean,
  diarize: isBoolean,
  numerals: isBoolean,
  no_delay: isBoolean,
  filler_words: isBoolean,
  profanity_filter: isBoolean,
  mip_opt_out: isBoolean,
  detect_entities: isBoolean,
  endpointing: (value) => isBoolean(value) || isIntegerIn(0, 10_000)(value),
  utterance_end_ms: isIntegerIn(1_000, 5_000),
  keywords: (value) => /^[^:]+(:-?\d+(\.\d+)?)?$/.test(value),
  keyterm: (value) => value.trim() !== '',
  redact: isAnything,
  replace: (value) => value.includes(':'),
  search: isAnything,
  tag: isAnything,
  extra: isAnything,
};

const speakChecks: Record<string, Check> = {
  model: isAnything,
  encoding: (value) => /^(linear16|mulaw|alaw)$/.test(value),
  sample_rate: (value) => /^(8000|16000|24000|32000|48000)$/.test(value),
  container: (value) => /^(none|wav)$/.test(value),
  speed: (value) => Number(value) >= 0.7 && Number(value) <= 1.5,
  mip_opt_out: isBoolean,
  tag: isAnything,
};

const listenModels =
  /^(nova-3(-(general|medical))?|nova-2(-(general|meeting|phonecall|finance|conversationalai|voicemail|video|medical|drivethru|automotive|atc))?|nova|enhanced|base)$/;

/** https://developers.deepgram.com/docs/keyterm: at most 100 terms and 500 tokens in all. */
const MAX_KEYTERMS = 100;
const MAX_KEYTERM_TOKENS = 500;
/** Silence that ends an utterance when the request does not say. */
const DEFAULT_ENDPOINTING_MS = 10;

/** @throws {BadRequest} as Deepgram does before the upgrade. */
export function parseListenParams(query: URLSearchParams): ListenParams {
  check(query, listenChecks, ['model', 'encoding', 'sample_rate']);
  const model = query.get('model') ?? '';
  if (!listenModels.test(model)) throw noSuchModel();
  // Only raw PCM is decoded here; the real service takes the others too.
  if (query.get('encoding') !== 'linear16') throw invalid('encoding');
  const interimResults = query.get('interim_results') === 'true';
  const utteranceEnd = query.get('utterance_end_ms');
  if (utteranceEnd !== null && !interimResults) throw invalid('utterance_end_ms');
  checkTerms(query, model);
  return {
    model,
    sampleRate: Number(query.get('sample_rate')),
    channels: Number(query.get('channels') ?? 1),
    interimResults,
    vadEvents: query.get('vad_events') === 'true',
    formatted: query.get('punctuate') === 'true' || query.get('smart_format') === 'true',
    endpointingMs: endpointing(query.get('endpointing')),
    utteranceEndMs: utteranceEnd === null ? undefined : Number(utteranceEnd),
    keyterms: query.getAll('keyterm'),
  };
}

/** @throws {BadRequest} as Deepgram does. Only a POST may ask for a container. */
export function parseSpeakParams(query: URLSearchParams, method: 'stream' | 'post'): SpeakParams {
  const { container: _, ...streamChecks } = speakChecks;
  check(query, method === 'post' ? speakChecks : streamChecks, ['model']);
  const model = query.get('model') ?? '';
  if (!/^aura(-2)?-[a-z]+-en$/.test(model)) throw noSuchModel();
  const encoding = query.get('encoding') ?? 'linear16';
  // As for listening: only raw PCM is made here.
  if (encoding !== 'linear16') throw invalid('encoding');
  return {
    model,
    sampleRate: Number(query.get('sample_rate') ?? 24_000),
    wav: method === 'post' && query.get('container') !== 'none',
  };
}

function check(query: URLSearchParams, checks: Record<string, Check>, required: string[]): void {
  for (const name of required) {
    if (!query.has(name)) {
      throw new BadRequest(
        'INVALID_QUERY_PARAMETER',
        `Failed to deserialize query parameters: missing field \`${name}\``,
      );
    }
  }
  for (const [name, value] of query) {
    const accepts = checks[name];
    if (!accepts) {
      throw new BadRequest(
        'INVALID_QUERY_PARAMETER',
        `Failed to deserialize query parameters: unknown field \`${name}\``,
      );
    }
    if (!accepts(value)) throw invalid(name);
  }
}

function checkTerms(query: URLSearchParams, model: string): void {
  const isNova3 = model.startsWith('nova-3');
  if (isNova3 && query.has('keywords')) {
    throw new BadRequest(
      'Bad Request',
      'Keywords are not supported for Nova-3. Use keyterm instead.',
    );
  }
  const keyterms = query.getAll('keyterm');
  if (keyterms.length === 0) return;
  if (!isNova3) throw new BadRequest('Bad Request', 'Keyterm is only supported for Nova-3 models.');
  const tokens = keyterms.reduce((sum, term) => sum + countTokens(term), 0);
  if (keyterms.length > MAX_KEYTERMS || tokens > MAX_KEYTERM_TOKENS) {
    const message = `Keyterm limit exceeded. The maximum number of tokens across all keyterms is ${MAX_KEYTERM_TOKENS}.`;
    throw new BadRequest('Bad Request', message);
  }
}

/** About four letters are a token, and each word is at least one. */
function countTokens(term: string): number {
  return term.split(/\s+/).reduce((sum, word) => sum + Math.max(1, Math.ceil(word.length / 4)), 0);
}

function endpointing(value: string | null): number | undefined {
  if (value === 'false' || value === '0') return undefined;
  return value === null || value === 'true' ? DEFAULT_ENDPOINTING_MS : Number(value);
}

function invalid(name: string): BadRequest {
  return new BadRequest(
    'INVALID_QUERY_PARAMETER',
    `Failed to deserialize query parameters: invalid value for field \`${name}\``,
  );
}

function noSuchModel(): BadRequest {
  return new BadRequest(
    'Bad Request',
    'Bad Request: No such model/language/tier combination found.',
  );
}
