import { z } from 'zod';
import { isPasswordHash } from '../infra/password.ts';
import { trustedProxies } from '../infra/trusted-proxies.ts';
import { defaultTimeouts, timeoutNames, timeoutVariable } from './timeouts.ts';
import type { TimeoutName } from './timeouts.ts';

const text = z.string().trim().min(1, 'is missing');
const secret = text.refine((value) => !/\s/.test(value), 'must not contain spaces');
const anyUrl = (protocols: readonly string[]) =>
  text.refine((value) => protocols.includes(protocolOf(value)), {
    message: `must be a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`,
  });
const baseUrl = (protocols: readonly string[]) =>
  anyUrl(protocols).transform((value) => value.replace(/\/+$/, ''));
const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .trim()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be from ${least} to ${most}`);

const factor = z
  .string()
  .trim()
  .regex(/^\d+(\.\d+)?$/, 'must be a number')
  .transform(Number)
  .refine((value) => value >= 1 && value <= 10, 'must be from 1 to 10');
const price = z
  .string()
  .trim()
  .regex(/^\d+(\.\d+)?$/, 'must be US dollars as a number, such as 0.25')
  .transform(Number)
  .refine((value) => value <= 100_000, 'must be at most 100000')
  .optional();
const phoneNumber = text.regex(/^\+[1-9]\d{6,14}$/, 'must be a number such as +13125550199');
const yesOrNo = z.enum(['true', 'false'], 'must be true or false').transform((v) => v === 'true');

/** Of a start without `DATA_DIR`. */
export const defaultDataDir = 'data';
export const defaultVoices = { deepgram: 'aura-2-thalia-en', openai: 'gpt-4o-mini-tts' } as const;
const voiceProvider = z.enum(['deepgram', 'openai'], 'must be deepgram or openai');
/** The longest delay that a timer takes (2^31 - 1 ms); Node fires longer ones at once. */
const maxTimerMs = 2_147_483_647;

/** Every variable that a person can set but for the time budgets, checked by its schema. */
export const settings = {
  // Required
  LIVEKIT_URL: baseUrl(['ws:', 'wss:', 'http:', 'https:']).describe(
    'The address of the LiveKit project or server.',
  ),
  LIVEKIT_API_KEY: secret.describe('A key of that project.'),
  LIVEKIT_API_SECRET: secret.describe("The key's secret."),
  DEEPGRAM_API_KEY: secret.describe(
    'Deepgram hears the caller, and speaks unless `TTS_PROVIDER` says otherwise.',
  ),
  OPENAI_API_KEY: secret.describe('OpenAI thinks.'),
  GOOGLE_SHEET_ID: text.describe(
    "The yard's sheet: the part of its address between `/d/` and `/edit`.",
  ),
  GOOGLE_SERVICE_ACCOUNT_JSON: text
    .optional()
    .describe('The service account that the sheet is shared with: its key as JSON or base64 ...'),
  GOOGLE_APPLICATION_CREDENTIALS: text.optional().describe("... or the path of the key's file."),
  // Calls
  AGENT_NAME: text
    .default('pickup')
    .describe('The name by which the SIP dispatch rule calls the agent.'),
  MAX_CALLS: wholeNumber(1, 1_000)
    .optional()
    .describe('Calls that one machine takes at once; 4 a core, as far as memory goes, if not set.'),
  NUM_IDLE_PROCESSES: wholeNumber(1, 100)
    .optional()
    .describe('Processes kept warm, the burst that needs no start; 2 a core, if not set.'),
  // Hearing, thinking, speaking
  DEEPGRAM_BASE_URL: baseUrl(['http:', 'https:'])
    .default('https://api.deepgram.com')
    .describe("Deepgram's address; the WebSocket's address follows from it."),
  STT_MODEL: text.default('nova-3').describe('The recogniser.'),
  STT_FALLBACK_MODEL: text
    .optional()
    .describe('The recogniser that takes over after repeated failures.'),
  OPENAI_BASE_URL: baseUrl(['http:', 'https:'])
    .default('https://api.openai.com/v1')
    .describe("OpenAI's address, with `/v1`."),
  LLM_MODEL: text.default('gpt-5.4-mini').describe('The model.'),
  LLM_FALLBACK_MODEL: text
    .optional()
    .describe('The model that answers when the first one fails twice.'),
  END_OF_TURN: z
    .enum(['by-words', 'fixed'], 'must be by-words or fixed')
    .default('by-words')
    .describe(
      '`by-words`: the silence after which a caller is answered depends on what was asked and said; `fixed`: 600 ms always.',
    ),
  TTS_PROVIDER: voiceProvider.default('deepgram').describe('`deepgram` or `openai`.'),
  TTS_MODEL: text
    .optional()
    .describe('The voice; `gpt-4o-mini-tts` when `TTS_PROVIDER` is `openai`.'),
  TTS_FALLBACK_PROVIDER: voiceProvider
    .optional()
    .describe('The other voice, for when the first one fails.'),
  TTS_FALLBACK_MODEL: text.optional().describe("The other voice's model."),
  // The sheet and the store
  SHEETS_BASE_URL: baseUrl(['http:', 'https:'])
    .optional()
    .describe(
      'An emulator in place of Google; only on loopback may the service account be left out.',
    ),
  DATABASE_URL: baseUrl(['postgres:', 'postgresql:'])
    .optional()
    .describe('Postgres in place of the file in `DATA_DIR`; needed on Railway without a volume.'),
  DATA_DIR: text
    .default(defaultDataDir)
    .describe("The folder of the SQLite file and of the supervisor's socket."),
  // Running
  PORT: wholeNumber(0, 65_535)
    .default(8080)
    .describe('Where `/healthz`, `/readyz` and `/metrics` are served.'),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error')
    .default('info')
    .describe('`debug`, `info`, `warn` or `error`.'),
  ALERT_WEBHOOK_URL: anyUrl(['http:', 'https:'])
    .optional()
    .describe('Where a person is told that something needs them.'),
  ALERT_WEBHOOK_SECRET: secret
    .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'must be whsec_ and 24 to 64 bytes in base64')
    .optional()
    .describe('Signs the alerts as Standard Webhooks 1.0.0 says: `whsec_` and base64.'),
  CONFIRMATION_WEBHOOK_URL: anyUrl(['http:', 'https:'])
    .optional()
    .describe('Where what was booked and changed is sent, for texts and e-mails to customers.'),
  CONFIRMATION_WEBHOOK_SECRET: secret
    .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'must be whsec_ and 24 to 64 bytes in base64')
    .optional()
    .describe('Signs the confirmations, as the other one signs the alerts.'),
  DIGEST_WEBHOOK_URL: anyUrl(['http:', 'https:'])
    .optional()
    .describe('Where the digest of the day before is sent each morning at 7, by the yard.'),
  DIGEST_WEBHOOK_SECRET: secret
    .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'must be whsec_ and 24 to 64 bytes in base64')
    .optional()
    .describe('Signs the digest, as the others sign theirs.'),
  RECORD_CALLS: yesOrNo
    .default(false)
    .describe(
      'Whether both voices of each call are kept for 30 days. The caller is told so first.',
    ),
  CARRIER_FALLBACK: text
    .optional()
    .describe(
      'Declares what the carrier does with a call that nobody answers (a number, an address): docs/sip.md. `npm run doctor` warns while it is not set.',
    ),
  // The desk
  DESK_PASSWORD_HASH: text
    .refine(isPasswordHash, 'must be what `npm run desk-password` prints')
    .optional()
    .describe('Opens the desk at `/desk`; `npm run desk-password` makes it from a password.'),
  DESK_TRUSTED_PROXIES: text
    .refine(isProxyList, 'must be addresses or ranges such as 10.0.0.0/8, parted by commas')
    .optional()
    .describe(
      "Proxies whose `X-Forwarded-For` is believed at the desk's sign-in: addresses and ranges, parted by commas.",
    ),
  // Watching over itself
  CANARY_MS: wholeNumber(5_000, maxTimerMs)
    .optional()
    .describe(
      'A test call so often: asks what a machine costs, and checks the answer against the sheet. Two failures in a row are the alert `canary`.',
    ),
  CANARY_NUMBER: phoneNumber
    .optional()
    .describe(
      "The yard's own number: test calls go out to it over the carrier. Without it they begin at LiveKit.",
    ),
  CANARY_TRUNK_ID: text
    .optional()
    .describe('The outbound SIP trunk of LiveKit over which they are made.'),
  CANARY_FROM: phoneNumber
    .optional()
    .describe("That trunk's number: a call from it is a test, and no customer."),
  // What a call costs
  LLM_USD_PER_MILLION_TOKENS_IN: price.describe(
    'With the other prices the cost of each call is in its record; without one of them it is not shown. The fallbacks are reckoned at the same prices.',
  ),
  LLM_USD_PER_MILLION_TOKENS_CACHED: price.describe(
    'Tokens that the model had in its cache; as much as the others if not set.',
  ),
  LLM_USD_PER_MILLION_TOKENS_OUT: price.describe('Tokens that the model wrote.'),
  STT_USD_PER_MINUTE: price.describe('Audio sent to the recogniser.'),
  TTS_USD_PER_MILLION_CHARACTERS: price.describe('Characters spoken.'),
  DAY_BUDGET_USD: price.describe(
    'A day whose calls cost more is told as the alert `day-budget`; calls are answered all the same. It takes the prices above.',
  ),
  // Hand-overs and drains
  HANDOVER_AFTER_MS: wholeNumber(1_000, maxTimerMs)
    .optional()
    .describe(
      "Age of a job at which a fresh one takes its call over, before a platform's hard limit.",
    ),
  HANDOVER_NOTICE: text.optional().describe('Said to the caller before such a hand-over.'),
  HANDOVER_ON_DRAIN: yesOrNo
    .default(true)
    .describe('Whether a deploy gives live calls to the new deployment, between two turns.'),
  DRAIN_GRACE_MS: wholeNumber(1_000, maxTimerMs)
    .optional()
    .describe(
      "From the platform's SIGTERM to its SIGKILL; on Railway it is known from `RAILWAY_DEPLOYMENT_DRAINING_SECONDS` (3000 when that is 0).",
    ),
  // The link to LiveKit
  RECONNECT_ENABLED: yesOrNo
    .default(true)
    .describe('Whether the worker registers anew when its link to LiveKit is lost.'),
  RECONNECT_INITIAL_MS: wholeNumber(1, maxTimerMs)
    .default(500)
    .describe('The first wait before that; with jitter.'),
  RECONNECT_MULTIPLIER: factor.default(2).describe('What each further wait is longer by.'),
  RECONNECT_MAX_MS: wholeNumber(1, maxTimerMs).default(30_000).describe('The longest wait.'),
  RECONNECT_MAX_ATTEMPTS: wholeNumber(0, 1_000_000)
    .default(0)
    .describe('Attempts in a row before the service gives up with exit code 75; 0: never.'),
  LINK_PING_MS: wholeNumber(100, maxTimerMs)
    .default(10_000)
    .describe('The link to LiveKit is dead when nothing came back for three of these.'),
} as const;

/** The settings by what they are about, in the order in which a person reads them. */
export const settingGroups: Readonly<Record<string, readonly (keyof typeof settings)[]>> = {
  Required: [
    'LIVEKIT_URL',
    'LIVEKIT_API_KEY',
    'LIVEKIT_API_SECRET',
    'DEEPGRAM_API_KEY',
    'OPENAI_API_KEY',
    'GOOGLE_SHEET_ID',
    'GOOGLE_SERVICE_ACCOUNT_JSON',
    'GOOGLE_APPLICATION_CREDENTIALS',
  ],
  Calls: ['AGENT_NAME', 'MAX_CALLS', 'NUM_IDLE_PROCESSES', 'RECORD_CALLS', 'CARRIER_FALLBACK'],
  'Hearing, thinking, speaking': [
    'DEEPGRAM_BASE_URL',
    'STT_MODEL',
    'STT_FALLBACK_MODEL',
    'OPENAI_BASE_URL',
    'LLM_MODEL',
    'LLM_FALLBACK_MODEL',
    'END_OF_TURN',
    'TTS_PROVIDER',
    'TTS_MODEL',
    'TTS_FALLBACK_PROVIDER',
    'TTS_FALLBACK_MODEL',
  ],
  'The sheet and the store': ['SHEETS_BASE_URL', 'DATABASE_URL', 'DATA_DIR'],
  Running: [
    'PORT',
    'LOG_LEVEL',
    'ALERT_WEBHOOK_URL',
    'ALERT_WEBHOOK_SECRET',
    'CONFIRMATION_WEBHOOK_URL',
    'CONFIRMATION_WEBHOOK_SECRET',
    'DIGEST_WEBHOOK_URL',
    'DIGEST_WEBHOOK_SECRET',
  ],
  'Watching over itself': ['CANARY_MS', 'CANARY_NUMBER', 'CANARY_TRUNK_ID', 'CANARY_FROM'],
  'The desk': ['DESK_PASSWORD_HASH', 'DESK_TRUSTED_PROXIES'],
  'What a call costs': [
    'LLM_USD_PER_MILLION_TOKENS_IN',
    'LLM_USD_PER_MILLION_TOKENS_CACHED',
    'LLM_USD_PER_MILLION_TOKENS_OUT',
    'STT_USD_PER_MINUTE',
    'TTS_USD_PER_MILLION_CHARACTERS',
    'DAY_BUDGET_USD',
  ],
  'Hand-overs and drains': [
    'HANDOVER_AFTER_MS',
    'HANDOVER_NOTICE',
    'HANDOVER_ON_DRAIN',
    'DRAIN_GRACE_MS',
  ],
  'The link to LiveKit': [
    'RECONNECT_ENABLED',
    'RECONNECT_INITIAL_MS',
    'RECONNECT_MULTIPLIER',
    'RECONNECT_MAX_MS',
    'RECONNECT_MAX_ATTEMPTS',
    'LINK_PING_MS',
  ],
};

const timeoutMeanings: Readonly<Record<TimeoutName, string>> = {
  connectMs: 'Joining the room; the caller hears ringing meanwhile.',
  sessionStartMs: 'Starting the session; carriers give up after 12 to 30 s of ringing.',
  equipmentLoadMs: 'Reading the equipment before the call goes on without it.',
  toolMs: 'The longest that a tool may take.',
  confirmBookingMs: 'How long the caller waits for a booking to be confirmed.',
  inventoryTtlMs: 'Age at which the sheet is read again.',
  inventoryMaxAgeMs: 'Age of the list from which the agent says that it must check and call back.',
  audioGapMs: "Silence on the line that begins a recovery; below the SIP gateway's media timeout.",
  sipMediaTimeoutMs:
    "The SIP gateway's media timeout: `media_timeout` in livekit-sip's configuration, raised together.",
  gapCooldownMs: 'The least time between two recoveries.',
  gapMaxAttempts: 'How many recoveries a call may have (a count).',
  livenessPauseMs: 'How long other timers rest while a recovery runs.',
  callerSilentMs: 'Silence of the caller before "Are you still there?"',
  maxCallMs: 'The longest call.',
  transferMs: 'Ringing at the person whom a caller is put through to.',
  goodbyeMs: 'Speaking the goodbye to its end.',
  closeMs: 'The whole close while the caller is there.',
  hangupCloseMs: 'The close when the caller is gone.',
  pickupMs: 'Without a sign of a job for so long, the agent is dispatched again.',
  pickupPatienceMs: 'How long a greeted caller waits for a free line before they are called back.',
  drainMs: "How long live calls may go on after SIGTERM; below the platform's draining time.",
};

/** The time budgets, by their variables. */
export const timeoutSettings = Object.fromEntries(
  timeoutNames.map((name) => [
    timeoutVariable(name),
    wholeNumber(1, maxTimerMs).default(defaultTimeouts[name]).describe(timeoutMeanings[name]),
  ]),
);

/** The names of all variables that a person can set. */
export const settingNames: readonly string[] = [
  ...Object.keys(settings),
  ...Object.keys(timeoutSettings),
];

/** Set by Railway, or by the supervisor for its workers; so they are not in `.env.example`. */
export const platform = {
  PICKUP_LINE: text.optional(),
  RAILWAY_ENVIRONMENT_NAME: text.optional(),
  RAILWAY_VOLUME_MOUNT_PATH: text.optional(),
  // Railway's own setting: one that is not usable is told of by the doctor, and stops no start.
  RAILWAY_DEPLOYMENT_DRAINING_SECONDS: wholeNumber(0, maxTimerMs / 1_000)
    .optional()
    .catch(undefined),
} as const;

function protocolOf(value: string): string {
  return URL.canParse(value) ? new URL(value).protocol : '';
}

function isProxyList(value: string): boolean {
  try {
    trustedProxies(value);
    return true;
  } catch {
    return false;
  }
}
