import { readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { z } from 'zod';
import { readServiceAccount } from '../../tools/sheet/client/sheets-credentials.ts';
import type { SheetsAuth } from '../../tools/sheet/client/sheets-credentials.ts';
import { SheetsError } from '../../tools/sheet/client/sheets-error.ts';
import { defaultCapacity, thisMachine } from './capacity.ts';
import { defaultDataDir, defaultVoices, platform, settings, timeoutSettings } from './schema.ts';
import { defaultTimeouts, sharedTimes, timeoutNames, timeoutVariable } from './timeouts.ts';
import type { TimeoutName, Timeouts } from './timeouts.ts';
import type { Prices } from '../infra/usage.ts';

/** A provider's voice. */
export type Voice = { readonly provider: 'deepgram' | 'openai'; readonly model: string };

/** Everything that can be set from outside, checked once and frozen. */
export type Config = {
  readonly livekit: {
    readonly url: string;
    readonly apiKey: string;
    readonly apiSecret: string;
    readonly agentName: string;
    readonly maxCalls: number;
    readonly numIdleProcesses: number;
  };
  readonly deepgram: {
    readonly apiKey: string;
    readonly baseUrl: string;
    readonly sttModel: string;
    readonly sttFallbackModel: string | null;
  };
  readonly openai: {
    readonly apiKey: string;
    readonly baseUrl: string;
    readonly model: string;
    readonly fallbackModel: string | null;
  };
  /** The silence that ends a caller's turn. */
  readonly endOfTurn: 'by-words' | 'fixed';
  readonly voice: Voice & {
    /** Speaks when the first one fails. */
    readonly fallback: Voice | null;
  };
  /** For the cost of a call; it is shown when they are set. */
  readonly prices: Prices;
  /** US dollars that the calls of a day may cost before somebody is told; null: no limit. */
  readonly dayBudgetUsd: number | null;
  readonly handover: {
    /** Age of a job at which a fresh one takes its call over; null: never. */
    readonly afterMs: number | null;
    /** Spoken before it; null: nothing is. */
    readonly notice: string | null;
    /** A drain gives live calls to another deployment that is ready. */
    readonly onDrain: boolean;
  };
  /** From SIGTERM to the platform's SIGKILL. */
  readonly drainGraceMs: number;
  /** The worker's connection to LiveKit. */
  readonly link: {
    readonly reconnectEnabled: boolean;
    readonly initialMs: number;
    readonly multiplier: number;
    readonly maxMs: number;
    /** In a row; 0: it never gives up. */
    readonly maxAttempts: number;
    readonly pingMs: number;
  };
  /** Where a person is told that something needs them; null: only in the log. */
  readonly alerts: { readonly url: string; readonly secret: string } | null;
  /** Where customers' texts and e-mails are sent from; null: there are none. */
  readonly confirmations: { readonly url: string; readonly secret: string } | null;
  /** Both voices of each call are kept. */
  readonly recordCalls: boolean;
  /** Where the digest of the day before is sent; null: there is none. */
  readonly digest: { readonly url: string; readonly secret: string } | null;
  /** Test calls of the service to itself; null: none are made. */
  readonly canary: {
    readonly everyMs: number;
    /** The way out over a carrier and back by the yard's number (E.164); null: they begin at LiveKit. */
    readonly phone: {
      readonly number: string;
      readonly trunkId: string;
      readonly from: string;
    } | null;
  } | null;
  readonly desk: {
    /** Null: there is no desk, but for one on this machine alone. */
    readonly passwordHash: string | null;
    /** Addresses and ranges, parted by commas. */
    readonly trustedProxies: string;
  };
  readonly sheet: {
    readonly id: string;
    readonly auth: SheetsAuth;
    readonly baseUrl: string | null;
  };
  readonly store: { readonly databaseUrl: string | null; readonly dataDir: string };
  /** The carrier's way with a call that nobody answers, as its owner declares it. */
  readonly carrierFallback: string | null;
  readonly port: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly timeouts: Timeouts;
  /** On Railway: `volume` when the data folder outlives a deploy, which then has downtime. */
  readonly platform: 'railway' | 'railway-volume' | 'other';
  /** In a worker or a job: where its own supervisor listens. */
  readonly linePath: string | null;
  /** Values that must never appear in a log line. */
  readonly secrets: readonly string[];
};

/** The environment is not usable. The message lists every bad variable, and no value of any. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG_INVALID';
  /** One sentence a variable, which begins with its name. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      ['The environment is not usable:', ...problems.map((problem) => `  - ${problem}`)].join('\n'),
    );
    this.problems = problems;
  }
}

/** The settings of `railway.json` and docs/railway.md. */
const defaultGraceMs = 1_800_000;

const schema = z.object({ ...settings, ...platform });
const timeoutSchema = z.object(timeoutSettings);

/**
 * Reads the environment once. An empty variable counts as not set.
 * @throws {ConfigError} with one message that lists every bad variable.
 */
export function loadConfig(env: Record<string, string | undefined> = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const parsed = schema.safeParse(given);
  const times = timeoutSchema.safeParse(given);
  const problems = [...problemsOf(parsed.error), ...problemsOf(times.error)];
  const timeouts = times.success ? readTimeouts(times.data) : undefined;
  const auth = readSheetsAuth(given, problems);
  problems.push(...storeProblems(given), ...webhookProblems(given));
  problems.push(...canaryProblems(given));
  if (!parsed.success || !timeouts || !auth || problems.length > 0) throw new ConfigError(problems);
  const e = parsed.data;
  const capacity = defaultCapacity(thisMachine());
  return deepFreeze<Config>({
    livekit: {
      url: e.LIVEKIT_URL.replace(/^http/, 'ws'),
      apiKey: e.LIVEKIT_API_KEY,
      apiSecret: e.LIVEKIT_API_SECRET,
      agentName: e.AGENT_NAME,
      maxCalls: e.MAX_CALLS ?? capacity.maxCalls,
      numIdleProcesses: e.NUM_IDLE_PROCESSES ?? capacity.numIdleProcesses,
    },
    deepgram: {
      apiKey: e.DEEPGRAM_API_KEY,
      baseUrl: e.DEEPGRAM_BASE_URL,
      sttModel: e.STT_MODEL,
      sttFallbackModel: e.STT_FALLBACK_MODEL ?? null,
    },
    openai: {
      apiKey: e.OPENAI_API_KEY,
      baseUrl: e.OPENAI_BASE_URL,
      model: e.LLM_MODEL,
      fallbackModel: e.LLM_FALLBACK_MODEL ?? null,
    },
    endOfTurn: e.END_OF_TURN,
    voice: {
      ...voiceOf(e.TTS_PROVIDER, e.TTS_MODEL),
      fallback: fallbackVoiceOf(e),
    },
    prices: {
      perMillionTokensIn: e.LLM_USD_PER_MILLION_TOKENS_IN ?? null,
      perMillionTokensCached: e.LLM_USD_PER_MILLION_TOKENS_CACHED ?? null,
      perMillionTokensOut: e.LLM_USD_PER_MILLION_TOKENS_OUT ?? null,
      perMinuteHeard: e.STT_USD_PER_MINUTE ?? null,
      perMillionCharactersSpoken: e.TTS_USD_PER_MILLION_CHARACTERS ?? null,
    },
    dayBudgetUsd: e.DAY_BUDGET_USD ?? null,
    handover: {
      afterMs: e.HANDOVER_AFTER_MS ?? null,
      notice: e.HANDOVER_NOTICE ?? null,
      onDrain: e.HANDOVER_ON_DRAIN,
    },
    drainGraceMs: e.DRAIN_GRACE_MS ?? railwayGraceMs(e) ?? defaultGraceMs,
    link: {
      reconnectEnabled: e.RECONNECT_ENABLED,
      initialMs: e.RECONNECT_INITIAL_MS,
      multiplier: e.RECONNECT_MULTIPLIER,
      maxMs: e.RECONNECT_MAX_MS,
      maxAttempts: e.RECONNECT_MAX_ATTEMPTS,
      pingMs: e.LINK_PING_MS,
    },
    alerts: receiverOf(e.ALERT_WEBHOOK_URL, e.ALERT_WEBHOOK_SECRET),
    confirmations: receiverOf(e.CONFIRMATION_WEBHOOK_URL, e.CONFIRMATION_WEBHOOK_SECRET),
    recordCalls: e.RECORD_CALLS,
    digest: receiverOf(e.DIGEST_WEBHOOK_URL, e.DIGEST_WEBHOOK_SECRET),
    canary: canaryOf(e),
    desk: {
      passwordHash: e.DESK_PASSWORD_HASH ?? null,
      trustedProxies: e.DESK_TRUSTED_PROXIES ?? '',
    },
    sheet: { id: e.GOOGLE_SHEET_ID, auth, baseUrl: e.SHEETS_BASE_URL ?? null },
    store: { databaseUrl: e.DATABASE_URL ?? null, dataDir: resolve(e.DATA_DIR) },
    carrierFallback: e.CARRIER_FALLBACK ?? null,
    port: e.PORT,
    logLevel: e.LOG_LEVEL,
    timeouts,
    platform: platformOf(e),
    linePath: e.PICKUP_LINE ?? null,
    secrets: [
      e.LIVEKIT_API_SECRET,
      e.DEEPGRAM_API_KEY,
      e.OPENAI_API_KEY,
      ...(auth.kind === 'none' ? [] : [readServiceAccount(auth).private_key]),
      ...present(e.ALERT_WEBHOOK_SECRET, e.ALERT_WEBHOOK_URL),
      ...present(e.CONFIRMATION_WEBHOOK_SECRET, e.CONFIRMATION_WEBHOOK_URL),
      ...present(e.DIGEST_WEBHOOK_SECRET, e.DIGEST_WEBHOOK_URL),
      ...present(e.DESK_PASSWORD_HASH),
      ...(e.DATABASE_URL ? [e.DATABASE_URL, ...passwordOf(e.DATABASE_URL)] : []),
    ],
  });
}

/**
 * Where the store is, for commands that need nothing else.
 * @throws {ConfigError}
 */
export function loadStoreConfig(
  env: Record<string, string | undefined> = process.env,
): Config['store'] {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const { DATABASE_URL, DATA_DIR } = settings;
  const parsed = z.object({ DATABASE_URL, DATA_DIR }).safeParse(given);
  if (!parsed.success) throw new ConfigError(problemsOf(parsed.error));
  const { data } = parsed;
  return { databaseUrl: data.DATABASE_URL ?? null, dataDir: resolve(data.DATA_DIR) };
}

/**
 * The sheet and its service account, for commands that need nothing else.
 * @throws {ConfigError}
 */
export function loadSheetConfig(
  env: Record<string, string | undefined> = process.env,
): Config['sheet'] {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const { GOOGLE_SHEET_ID, SHEETS_BASE_URL } = settings;
  const parsed = z.object({ GOOGLE_SHEET_ID, SHEETS_BASE_URL }).safeParse(given);
  const problems = problemsOf(parsed.error);
  const auth = readSheetsAuth(given, problems);
  if (!parsed.success || !auth) throw new ConfigError(problems);
  const { data } = parsed;
  return { id: data.GOOGLE_SHEET_ID, auth, baseUrl: data.SHEETS_BASE_URL ?? null };
}

/**
 * The folder where Node keeps what it compiled, for all processes of the service: one that finds it
 * starts with a third less of a core, and after a fault that is the caller's time.
 */
export function compileCacheIn(dataDir: string): string {
  return join(resolve(dataDir), 'compile-cache');
}

/** The environment of a worker: ours, and where its supervisor listens. */
export function workerEnvironment(linePath: string): NodeJS.ProcessEnv {
  return {
    // The media library logs at debug unless told that this is production.
    NODE_ENV: 'production',
    NODE_COMPILE_CACHE: compileCacheIn(process.env['DATA_DIR'] ?? defaultDataDir),
    ...process.env,
    PICKUP_LINE: linePath,
  };
}

function problemsOf(error: z.ZodError | undefined): string[] {
  return (error?.issues ?? []).map(
    ({ path, message }) =>
      `${path.join('.')} ${message.startsWith('Invalid input') ? 'is missing' : message}`,
  );
}

function readTimeouts(values: Readonly<Record<string, number>>): Timeouts {
  const timeouts: Record<TimeoutName, number> = { ...defaultTimeouts };
  for (const name of timeoutNames) timeouts[name] = values[timeoutVariable(name)] ?? timeouts[name];
  return timeouts;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks the key at once, file or not. None is needed for an emulator on loopback. */
function readSheetsAuth(env: Environment, problems: string[]): SheetsAuth | undefined {
  const inline = env['GOOGLE_SERVICE_ACCOUNT_JSON'];
  const file = env['GOOGLE_APPLICATION_CREDENTIALS'];
  const variable = inline ? 'GOOGLE_SERVICE_ACCOUNT_JSON' : 'GOOGLE_APPLICATION_CREDENTIALS';
  if (!inline && !file) {
    if (isLoopback(env['SHEETS_BASE_URL'])) return { kind: 'none' };
    problems.push(
      'GOOGLE_SERVICE_ACCOUNT_JSON is missing (or set GOOGLE_APPLICATION_CREDENTIALS to the key file)',
    );
    return undefined;
  }
  try {
    const json = inline ?? readFileSync(file ?? '', 'utf8');
    const auth: SheetsAuth = { kind: 'service-account', json };
    readServiceAccount(auth);
    return auth;
  } catch (error) {
    const why = error instanceof SheetsError ? error.message : 'The file cannot be read';
    problems.push(`${variable} is not usable: ${why}`);
    return undefined;
  }
}

type Parsed = z.infer<typeof schema>;

function voiceOf(provider: Voice['provider'], model: string | undefined): Voice {
  return { provider, model: model ?? defaultVoices[provider] };
}

/** A model alone is another voice of the same provider. */
function fallbackVoiceOf(e: Parsed): Voice | null {
  if (!e.TTS_FALLBACK_PROVIDER && !e.TTS_FALLBACK_MODEL) return null;
  return voiceOf(e.TTS_FALLBACK_PROVIDER ?? e.TTS_PROVIDER, e.TTS_FALLBACK_MODEL);
}

function receiverOf(url: string | undefined, key: string | undefined): Config['alerts'] {
  return url !== undefined && key !== undefined ? { url, secret: key } : null;
}

function canaryOf(e: Parsed): Config['canary'] {
  const { CANARY_MS: everyMs, CANARY_NUMBER: number, CANARY_TRUNK_ID: trunkId } = e;
  if (everyMs === undefined) return null;
  const { CANARY_FROM: from } = e;
  const isPhoned = number !== undefined && trunkId !== undefined && from !== undefined;
  return { everyMs, phone: isPhoned ? { number, trunkId, from } : null };
}

/** A test call over a carrier needs a way out, and a mark by which it is known when it comes back. */
function canaryProblems(env: Environment): string[] {
  if (!env['CANARY_NUMBER']) return [];
  return ['CANARY_MS', 'CANARY_TRUNK_ID', 'CANARY_FROM']
    .filter((name) => !env[name])
    .map((name) => `${name} is missing: test calls to CANARY_NUMBER need it`);
}

/** A body that nobody can check is not sent (Standard Webhooks 1.0.0). */
function webhookProblems(env: Environment): string[] {
  const names = {
    ALERT_WEBHOOK: 'alerts',
    CONFIRMATION_WEBHOOK: 'confirmations',
    DIGEST_WEBHOOK: 'digests',
  };
  return Object.entries(names)
    .filter(([name]) => env[`${name}_URL`] && !env[`${name}_SECRET`])
    .map(
      ([name, what]) => `${name}_SECRET is missing: the ${what} to ${name}_URL are signed with it`,
    );
}

function present(...values: readonly (string | undefined)[]): string[] {
  return values.filter((value) => value !== undefined);
}

function platformOf(e: Parsed): Config['platform'] {
  if (!e.RAILWAY_ENVIRONMENT_NAME) return 'other';
  return e.DATABASE_URL ? 'railway' : 'railway-volume';
}

/** Null when Railway's setting is not to be seen, because it was made in `railway.json`. */
function railwayGraceMs(e: Parsed): number | null {
  const seconds = e.RAILWAY_DEPLOYMENT_DRAINING_SECONDS;
  if (!e.RAILWAY_ENVIRONMENT_NAME || seconds === undefined) return null;
  return Math.max(sharedTimes.leastGraceMs, seconds * 1_000);
}

/** A file that does not outlive a deploy is no journal. */
function storeProblems(env: Environment): string[] {
  if (!env['RAILWAY_ENVIRONMENT_NAME'] || env['DATABASE_URL']) return [];
  const volume = env['RAILWAY_VOLUME_MOUNT_PATH']?.trim();
  const dataDir = resolve(env['DATA_DIR']?.trim() ?? 'data');
  if (volume && (dataDir === resolve(volume) || dataDir.startsWith(resolve(volume) + sep))) {
    return [];
  }
  return [
    'DATABASE_URL is missing: on Railway a file is lost at each deploy (or set DATA_DIR to a folder on a mounted volume)',
  ];
}

/** Drivers may name it alone in what they say. */
function passwordOf(url: string): string[] {
  const { password } = new URL(url);
  // Read as a form's value, because that decoder takes every text, half an escape too.
  const decoded = new URLSearchParams(`p=${password.replaceAll('+', '%2B')}`).get('p') ?? '';
  return [password, decoded].filter((form) => form !== '');
}

function isLoopback(url: string | undefined): boolean {
  if (!url || !URL.canParse(url)) return false;
  const host = new URL(url).hostname;
  return host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}

function deepFreeze<T extends object>(value: T): T {
  const inners: unknown[] = Object.values(value);
  for (const inner of inners) if (inner && typeof inner === 'object') deepFreeze(inner);
  return Object.freeze(value);
}
