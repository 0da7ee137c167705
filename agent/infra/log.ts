import { pino } from 'pino';

/** The fields of a line. Personal data goes only under keys that begin `pii.`. */
export type Fields = Readonly<Record<string, unknown>>;

/** The fields of a line beside its event, `noun.verb`. */
export type LogFields = Fields & { readonly event: string };

/** The raw lines of a log, of any event. */
export type Lines = {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: Fields): Lines;
};

/** Each event's arguments: its fields, and the variant if it has several. */
export type EventArgs = Readonly<Record<string, readonly unknown[]>>;

/**
 * A log that takes the events of a catalogue and no others. `child` binds fields to every line of
 * one call, one worker, one job.
 */
export type Log<Events extends EventArgs> = {
  emit<Event extends keyof Events & string>(event: Event, ...told: Events[Event]): void;
  child(fields: Fields): Log<Events>;
};

/** A line's weight: `error` is a fault of ours, `warn` one of others, `info` a normal event. */
export type Level = 'debug' | 'info' | 'warn' | 'error';

const repeatWindowMs = 10_000;
/** The same line is written this often a window: Railway drops lines beyond 500 a second. */
const repeatsWritten = 5;

/**
 * The logger of one process: one JSON object a line, `level`, `message`, `time`, `event` and fields.
 * Digits of phone numbers are masked to the last four and `secrets` are removed, wherever they stand.
 */
export function createLog(options: {
  readonly level: Level;
  readonly secrets?: readonly string[];
  readonly write?: (line: string) => void;
}): Lines {
  // The stream may be a pipe that closed with its reader: losing a line must not end a call.
  const write = options.write ?? ((line: string) => void process.stdout.write(line));
  const clean = cleaner(options.secrets ?? []);
  const base = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => clean(fields) as Record<string, unknown>,
      },
    },
    { write },
  );
  return wrap(base, { clean, mayWrite: repeatLimit(base) });
}

type Clean = (value: unknown) => unknown;
type Repeats = (level: Level, fields: LogFields, message: string) => boolean;

function wrap(logger: pino.Logger, rules: { clean: Clean; mayWrite: Repeats }): Lines {
  const at = (level: Level) => (fields: LogFields, message: string) => {
    if (rules.mayWrite(level, fields, message)) logger[level](fields, message);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    // pino does not run the fields of a child through its formatters.
    child: (fields) => wrap(logger.child(rules.clean(fields) as object), rules),
  };
}

/**
 * Writes a line `repeatsWritten` times a window; the count of the others is written when the window
 * ends. Lines repeat each other when level, event, message, call and `detail` are the same.
 */
function repeatLimit(logger: pino.Logger): Repeats {
  const seen = new Map<string, { count: number; readonly windowEndsMs: number }>();
  return (level, fields, message) => {
    if (!logger.isLevelEnabled(level)) return false;
    const nowMs = Date.now();
    const callId = typeof fields['callId'] === 'string' ? fields['callId'] : '';
    const detail = typeof fields['detail'] === 'string' ? fields['detail'] : '';
    const key = `${level} ${fields.event} ${message} ${callId} ${detail}`;
    const entry = seen.get(key);
    if (!entry || nowMs >= entry.windowEndsMs) {
      if (seen.size >= 1_000) seen.clear();
      seen.set(key, { count: 1, windowEndsMs: nowMs + repeatWindowMs });
      return true;
    }
    entry.count += 1;
    if (entry.count === repeatsWritten + 1) {
      const report = () => {
        const repeated = entry.count - repeatsWritten;
        const of = { event: 'log.repeated', of: fields.event, repeated } as const;
        logger[level](callId ? { ...of, callId } : of, 'line repeated');
      };
      setTimeout(report, entry.windowEndsMs - nowMs).unref();
    }
    return entry.count <= repeatsWritten;
  };
}

/** The caller's user part in what the gateway names after it; in a room's name before 12 random signs. */
const sipUser = /\bsip_(?<identity>[^\s"',;<>()]+)|\bsips?:(?<uri>[^\s"',;<>@]+)(?=@)/g;
const roomUser =
  /\b([A-Za-z][A-Za-z0-9-]*_)([^\s"',;<>]+?)(_(?=[A-Z0-9]*[a-z])(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{12})(?![A-Za-z0-9])/g;

/** Digits that are nobody's number: ids, days, moments, addresses, prices. */
const shown = [
  /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/,
  /(?<!\d)\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)/,
  /(?<!\d)\d{1,2}[-/.]\d{1,2}[-/.]\d{4}(?!\d)/,
  /(?<!\d)\d{8}T\d{6}/,
  /(?<!\d)\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?!\d)/,
  /(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])/,
  /[$€£]\d[\d,]*(?:\.\d{1,2})?(?!\d)/,
  /(?<![\d+])(?:0|[1-9]\d*)\.\d{1,3}(?![^\w,;:]{0,3}\d)/,
  // Seconds or milliseconds since 1970, from 2020 to 2033: no country's numbers look so.
  /(?<![\w+])1[67]\d{8}(?:\d{3})?(?![\d(]|[-. ]\d)/,
];
/** Digits in a row, with what people write between those of a number. */
const digitsInRow = /[+(]{0,2}\d(?:[ \t\u00a0\u2000-\u200a\u202f.()/\-\u2010-\u2015]{0,3}\d)*/;
const shownOrDigits = new RegExp(
  `(?<shown>${shown.map(({ source }) => source).join('|')})|${digitsInRow.source}`,
  'gi',
);

/**
 * The callers in a text, down to the last four digits of their numbers: `sip_+15550111` ->
 * `sip_***0111`, `call_alice_K3xYz0123456` -> `call_***_K3xYz0123456`. Days, times, ids and prices
 * stay as they are.
 */
export function maskPhones(value: string): string {
  return value
    .replace(sipUser, (found: string, identity?: string, uri?: string) => {
      const user = identity ?? uri ?? '';
      return `${found.slice(0, -user.length)}${maskedUser(user)}`;
    })
    .replace(roomUser, (_found, prefix: string, user: string, random: string) => {
      return `${prefix}${maskedUser(user)}${random}`;
    })
    .replace(
      shownOrDigits,
      (found: string, isShown: string | undefined, at: number, all: string) =>
        isShown === undefined && isNumber(found, all.slice(Math.max(0, at - 2), at))
          ? maskedDigits(found)
          : found,
    );
}

function maskedUser(user: string): string {
  return /^[+*\d]{7,}$/.test(user) ? `***${user.slice(-4)}` : '***';
}

function isNumber(found: string, before: string): boolean {
  const groups = found.match(/\d+/g) ?? [];
  const digits = groups.join('');
  if (digits.length < 7) return false;
  if (/^[+(]/.test(found) || groups.some(({ length }) => length >= 7)) return true;
  if (/\d{3}\D+\d{3}\D+\d{4}$/.test(found)) return true;
  // A part of an id (`EX-1001-2002`), or of a figure.
  return !/[A-Za-z][-_]?$/.test(before) && !/^(?=.{0,10}$)\d+\.\d+$/.test(found);
}

/** Each number that is written without a gap keeps its own four digits. */
function maskedDigits(found: string): string {
  const parts = found.split(/(\+?\d{10,})/);
  if (parts.length === 1) return lastFour(found);
  return parts
    .map((part, index) => (index % 2 === 1 || isNumber(part, '') ? lastFour(part) : part))
    .join('');
}

function lastFour(number: string): string {
  const gap = /^ */.exec(number)?.[0] ?? '';
  return `${gap}***${number.replaceAll(/\D/g, '').slice(-4)}`;
}

/** Makes texts fit to be shown: `secrets` of four letters or more taken out, phones masked. */
export function textCleaner(secrets: readonly string[]): (text: string) => string {
  // Longest first: one secret may be a part of another.
  const hidden = secrets.filter((secret) => secret.length >= 4).sort((a, b) => b.length - a.length);
  return (text) =>
    maskPhones(hidden.reduce((all, secret) => all.replaceAll(secret, '[secret]'), text));
}

function cleaner(secrets: readonly string[]): (value: unknown, depth?: number) => unknown {
  const cleanText = textCleaner(secrets);
  const clean = (value: unknown, depth = 0): unknown => {
    if (typeof value === 'string') return cleanText(value);
    if (typeof value === 'bigint') return Number(value);
    if (value instanceof Error) return errorFields(value, cleanText);
    if (!value || typeof value !== 'object') return value;
    if (depth > 4) return '[deep]';
    if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1));
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        key.startsWith('pii.') ? inner : clean(inner, depth + 1),
      ]),
    );
  };
  return clean;
}

/** The fields that say what went wrong: others may hold headers, keys or a body. */
function errorFields(error: Error, cleanText: (text: string) => string): object {
  return {
    ...nameAndCode(error),
    message: cleanText(error.message).slice(0, 500),
    ...(error.stack ? { stack: cleanText(error.stack).slice(0, 2_000) } : {}),
    // A cause is somebody else's error: a database puts the row that it refused into the message.
    ...(error.cause instanceof Error ? { cause: nameAndCode(error.cause) } : {}),
  };
}

function nameAndCode(error: Error): object {
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
  };
}
