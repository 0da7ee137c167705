import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'node:test';
import type { Call } from '../caller/call.ts';
import type { Yard } from './yard.ts';

/** On cores that are too busy the framework says so of itself, many times a second. */
const isOfFramework = ({ event, level }: Happening) =>
  event === 'framework.log' && level !== 'error';
const isAhead = (one: Happening) => 'spokenAhead' in one;
/** As much as one reads; what led to a failure is at the end. */
const mostLines = 150;

/** One thing that happened; `atMs` (Unix) is when. */
type Happening = { readonly atMs: number; readonly [field: string]: unknown };

/** What the services of a yard logged, what was synthesised, and what callers did and heard, in order. */
function happenings(yard: Yard, sinceMs: number): Happening[] {
  const logged = new Set(yard.services.flatMap(({ lines }) => lines));
  const all: Happening[] = [
    ...[...logged].map((line) => ({ atMs: Date.parse(line.time), ...line })),
    ...yard.calls.flatMap((call) =>
      yard
        .of(call, yard.spoken)
        .map(({ atMs, text }) => ({ atMs, callId: call.callId, spoken: text })),
    ),
    ...yard.spokenAhead.map(({ atMs, text }) => ({ atMs, spokenAhead: text })),
    ...yard.calls.flatMap(eventsOf),
  ];
  return all.filter(({ atMs }) => atMs >= sinceMs).toSorted((a, b) => a.atMs - b.atMs);
}

function eventsOf({ callId, events }: Call): Happening[] {
  const ringing = events.find((event) => event.type === 'ringing');
  return events.map(({ atMs, ...event }) => ({
    atMs: (ringing?.epochMs ?? 0) + atMs,
    callId,
    caller: event,
  }));
}

/** Keeps what happened at a yard since `sinceMs` (Unix): `NAME.ndjson` in `folder`. */
export async function keepStory(
  yard: Yard,
  kept: { readonly folder: string; readonly name: string; readonly sinceMs: number },
): Promise<void> {
  const lines = happenings(yard, kept.sinceMs).map((line) => `${JSON.stringify(line)}\n`);
  await mkdir(kept.folder, { recursive: true });
  await writeFile(join(kept.folder, `${kept.name}.ndjson`), lines.join(''));
}

/** The last of what happened at a yard since `sinceMs` (Unix), for people: of the calls, not before. */
export function storyOf(yard: Yard, sinceMs: number): string {
  const all = happenings(yard, sinceMs);
  const told = all.filter((one) => !isOfFramework(one) && !isAhead(one)).slice(-mostLines);
  const lines = told.map(({ atMs, time: _time, message: _message, ...fields }) => {
    const seconds = ((atMs - sinceMs) / 1_000).toFixed(2).padStart(7);
    return `${seconds} s  ${JSON.stringify(fields)}`;
  });
  return [...lines, `and ${all.filter(isOfFramework).length} lines of the framework's own`].join(
    '\n',
  );
}

/** Has each test of a file that fails tell what happened at the yard meanwhile. */
export function tellFailures(yardOf: () => Yard | undefined): void {
  let sinceMs = 0;
  beforeEach(() => void (sinceMs = Date.now()));
  afterEach((test) => {
    const yard = yardOf();
    if (!yard || !('passed' in test) || test.passed) return;
    test.diagnostic(`what happened:\n${storyOf(yard, sinceMs)}`);
  });
}
