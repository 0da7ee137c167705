import { createLog } from '../../agent/infra/log.ts';
import { eventLog } from '../../agent/telemetry/events.ts';
import type { Log } from '../../agent/telemetry/events.ts';

/** A line as it was logged. */
export type RecordedLine = {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
};

/** A log whose lines a test reads. */
export function recordedLog(): {
  readonly log: Log;
  readonly lines: readonly RecordedLine[];
  /** The events so far, in order. */
  readonly events: () => readonly string[];
} {
  const lines: RecordedLine[] = [];
  const log = createLog({
    level: 'debug',
    write: (line) => void lines.push(JSON.parse(line) as RecordedLine),
  });
  return { log: eventLog(log), lines, events: () => lines.map(({ event }) => event) };
}
