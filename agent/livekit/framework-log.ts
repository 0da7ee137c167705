import fs from 'node:fs';
import type { Level, Lines } from '../infra/log.ts';

/**
 * Lets the framework's own lines (numeric level, `msg`) come out in our form, without their
 * `lk.pii.*` fields. Its loggers cannot be replaced: `@livekit/agents` writes to `process.stdout`,
 * `@livekit/rtc-node` to descriptor 1 by `fs.writeSync`. To be called before they are made; all
 * other output passes through.
 */
export function captureFrameworkLines(
  createInner: (write: (line: string) => void) => Lines,
): Lines {
  const write = process.stdout.write.bind(process.stdout);
  const writeSync = fs.writeSync.bind(fs);
  const log = createInner((line) => void write(line));
  const take = (chunk: unknown) => {
    const lines = typeof chunk === 'string' ? frameworkLines(chunk) : [];
    for (const { level, fields } of lines) {
      log[level]({ event: 'framework.log', ...fields }, 'framework line');
    }
    return lines.length > 0;
  };
  process.stdout.write = (chunk: unknown, ...rest: never[]) =>
    take(chunk) || write(chunk as string, ...rest);
  fs.writeSync = ((fd: number, chunk: unknown, ...rest: never[]) =>
    fd === 1 && take(chunk)
      ? Buffer.byteLength(chunk as string)
      : writeSync(fd, chunk as string, ...rest)) as typeof fs.writeSync;
  // A reader that is gone (the platform restarts its log collector) is not a reason to end calls.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  return log;
}

type FrameworkLine = { readonly level: Level; readonly fields: Record<string, unknown> };

/** None when it is not, all of it, lines of a framework's logger: several come in one write. */
function frameworkLines(chunk: string): FrameworkLine[] {
  if (!chunk.startsWith('{"level":')) return [];
  const texts = chunk.split('\n').filter((text) => text !== '');
  const lines = texts.map(frameworkLine).filter((line) => line !== undefined);
  return lines.length === texts.length ? lines : [];
}

function frameworkLine(text: string): FrameworkLine | undefined {
  try {
    const parsed = JSON.parse(text) as Record<string, unknown>;
    const { level, time: _time, pid: _pid, hostname: _hostname, msg, ...fields } = parsed;
    if (typeof level !== 'number') return undefined;
    return {
      level: Object.values(fields).some(isAbort) ? 'debug' : levelOf(level),
      fields: {
        detail: typeof msg === 'string' ? msg : null,
        ...Object.fromEntries(
          Object.entries(fields)
            .filter(([key]) => !key.includes('pii'))
            .map(([key, value]) => [key, isSerialisedError(value) ? errorFields(value) : value]),
        ),
      },
    };
  } catch {
    return undefined;
  }
}

/** The levels of the framework's logger are numbers: 30 info, 40 warn, 50 error. */
function levelOf(level: number): Level {
  if (level >= 50) return 'error';
  if (level >= 40) return 'warn';
  return level >= 30 ? 'info' : 'debug';
}

type SerialisedError = { readonly message: string; readonly stack: string } & Record<
  string,
  unknown
>;

function isSerialisedError(value: unknown): value is SerialisedError {
  return typeof value === 'object' && value !== null && 'stack' in value && 'message' in value;
}

/** A normal hang-up aborts what was under way: that is no fault. */
function isAbort(value: unknown): boolean {
  return isSerialisedError(value) && /^(AbortError|APIUserAbortError)/.test(value.stack);
}

/** Errors come with whatever else they carried: request headers, bodies, all codes of a class. */
function errorFields({ type, message, code, stack }: SerialisedError): Record<string, unknown> {
  return {
    name: type,
    message,
    ...(code === undefined ? {} : { code }),
    stack: stack.slice(0, 2_000),
  };
}
