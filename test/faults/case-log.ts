import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '../harness/caller/call.ts';
import type { CallPlace } from './call-place.ts';

/**
 * Keeps what the services logged, what was synthesised, and what the callers did and heard, at this
 * place since `sinceMs` (Unix): `NAME.ndjson` in `folder`, in order.
 */
export async function keepCaseLog(
  { service, yard }: CallPlace,
  kept: { readonly folder: string; readonly name: string; readonly sinceMs: number },
): Promise<void> {
  const lines = [
    ...service.lines.map((line) => ({ atMs: Date.parse(line.time), ...line })),
    ...yard.spoken.map(({ atMs, client, text }) => ({ atMs, jobPid: client, spoken: text })),
    ...yard.calls.flatMap(eventsOf),
  ];
  const text = lines
    .filter(({ atMs }) => atMs >= kept.sinceMs)
    .toSorted((a, b) => a.atMs - b.atMs)
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');
  await mkdir(kept.folder, { recursive: true });
  await writeFile(join(kept.folder, `${kept.name}.ndjson`), text);
}

function eventsOf({ callId, events }: Call) {
  const ringing = events.find((event) => event.type === 'ringing');
  return events.map(({ atMs, ...event }) => ({
    atMs: (ringing?.epochMs ?? 0) + atMs,
    callId,
    caller: event,
  }));
}
