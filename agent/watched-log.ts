import type { Level, Log, LogFields } from './infra/log.ts';

/** A log that writes to `log`, and tells `onLine` of every line, those below its level too. */
export function watchedLog(log: Log, onLine: (fields: LogFields) => void): Log {
  const at = (level: Level) => (fields: LogFields, message: string) => {
    log[level](fields, message);
    onLine(fields);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => watchedLog(log.child(fields), onLine),
  };
}
