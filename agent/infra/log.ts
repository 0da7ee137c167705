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

/**
 * A phone number in a text, down to its last four digits: `sip_+15550111` -> `sip_***0111`. Dates
 * and times stay as they are.
 */
export function maskPhones(value: string): string {
  return value
    .replace(/\+?\d{3,}(\d{4})(?!\d)/g, '***$1')
    .replace(/(?:\+?1[ .-])?\(?\d{3}\)?[ .-]\d{3}[ .-](\d{4})(?!\d)/g, '***$1');
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
