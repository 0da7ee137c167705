import { dayNumber } from '../../tools/yard/rental-dates.ts';
import { html, type Html } from './html.ts';

/** Times as the yard reads them: in its zone, which is named, with seconds. */
export type YardTime = {
  readonly zone: string;
  /** `Tue, Dec 1, 2026, 09:05:07 CST`, in an element that has the moment for machines. */
  full(atMs: number): Html;
  /** `09:05:07` on the yard's own day of `nowMs`, with the date before it on another. */
  short(atMs: number, nowMs: number): Html;
  /** `2026-12-01`. */
  day(atMs: number): string;
  /** The first moment of a day `YYYY-MM-DD`. */
  startOf(day: string): number;
  /** `2026-12-01 09:05:07`, for files. */
  plain(atMs: number): string;
};

/** Times in an IANA zone. */
export function yardTime(zone: string): YardTime {
  const full = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    month: 'short',
    day: 'numeric',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  });
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  const read = (atMs: number) => {
    const found = new Map(parts.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const of = (type: Intl.DateTimeFormatPartTypes) => found.get(type) ?? '';
    return {
      day: `${of('year')}-${of('month')}-${of('day')}`,
      clock: `${of('hour')}:${of('minute')}:${of('second')}`,
    };
  };
  const element = (atMs: number, text: string) =>
    html`<time datetime="${new Date(atMs).toISOString()}">${text}</time>`;
  return {
    zone,
    full: (atMs) => element(atMs, full.format(atMs)),
    short: (atMs, nowMs) => {
      const { day, clock } = read(atMs);
      return element(atMs, day === read(nowMs).day ? clock : `${day} ${clock}`);
    },
    day: (atMs) => read(atMs).day,
    startOf: (day) => {
      // A zone is at most 14 hours ahead: the day begins in the 38 hours from there.
      let [before, after] = [Date.parse(`${day}T00:00:00Z`) - 14 * 3_600_000, 0];
      after = before + 38 * 3_600_000;
      while (after - before > 1) {
        const middle = Math.floor((before + after) / 2);
        if (read(middle).day < day) before = middle;
        else after = middle;
      }
      return after;
    },
    plain: (atMs) => {
      const { day, clock } = read(atMs);
      return `${day} ${clock}`;
    },
  };
}

/** The day that an address names, as `YYYY-MM-DD`; undefined for none, and for what is no day. */
export function dayOf(query: URLSearchParams, name: string): string | undefined {
  const text = query.get(name)?.trim() ?? '';
  return dayNumber(text) === null ? undefined : text;
}

/** `4.2 s`, `3 min 05 s`, `1 h 02 min`; a dash for what is not known. */
export function durationText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  if (minutes < 60) return `${minutes} min ${String(rest).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
