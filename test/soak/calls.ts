import timers from 'node:timers/promises';
import { RoomServiceClient } from 'livekit-server-sdk';
import { findCall } from '../../agent/infra/store/calls.ts';
import type { Store } from '../../agent/infra/store/database.ts';
import { callLeaseName, listLeases } from '../../agent/infra/store/leases.ts';
import type { Call } from '../harness/caller/call.ts';
import { bookIt, delivery, farewell, yes } from '../faults/call-lines.ts';
import { CallPlace } from '../faults/call-place.ts';
import { CallScene } from '../faults/call-scene.ts';
import { drawStories } from '../faults/survival-story.ts';
import type { Story } from '../faults/survival-story.ts';
import { openStoreOf } from '../stack/aftermath.ts';
import { seeded } from '../stack/scripts.ts';
import { soakFaults } from './call-faults.ts';

/** What the soak found. `bookingsLost`: in the journal and not in the sheet; `doubled`: too many. */
export type CallsSoak = {
  readonly calls: number;
  /** Calls that have exactly one end, and a reason for it. */
  readonly ended: number;
  readonly results: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly bookings: number;
  readonly bookingsLost: number;
  readonly bookingsDoubled: number;
  readonly processesLeft: number;
  readonly roomsLeft: number;
  readonly leasesLeft: number;
  readonly seconds: number;
  readonly ok: boolean;
};

const faultEveryMs = 60_000;
/** How often a caller books, and does not only ask; and says goodbye, and does not hang up. */
const bookingShare = 0.4;
const farewellShare = 0.5;
/** A call that nobody ends is ended by its caller. */
const maxCallMs = 120_000;
/** The server keeps a room for 20 s after its caller; the sheet writer's longest back-off is 30 s. */
const settleMs = 90_000;
/** A caller who cannot even ring, with LiveKit away, tries again. */
const redialMs = 1_000;
const pollMs = 250;

type Soak = {
  readonly place: CallPlace;
  readonly random: () => number;
  readonly onProgress: (line: string) => void;
  readonly untilMs: number;
  /** The call that is up. */
  current: Call | null;
};

/** Calls one after another for so long, and once a minute, at a random moment, a random fault. */
export async function soakCalls(options: {
  readonly minutes: number;
  readonly seed: number;
  readonly onProgress: (line: string) => void;
}): Promise<CallsSoak> {
  const { minutes, seed, onProgress } = options;
  const startedMs = performance.now();
  const random = seeded(seed);
  await using place = await CallPlace.open({ env: {} });
  onProgress('the service is ready');
  const untilMs = performance.now() + minutes * 60_000;
  const soak: Soak = { place, random, onProgress, untilMs, current: null };
  const [callIds, faults] = await Promise.all([phoneOnAndOn(soak, seed), breakThings(soak)]);
  const left = await whatIsLeft(place, callIds);
  const ok =
    callIds.length > 0 &&
    left.ended === callIds.length &&
    left.bookingsLost + left.bookingsDoubled === 0 &&
    left.processesLeft + left.roomsLeft + left.leasesLeft === 0;
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  return { calls: callIds.length, faults, ...left, seconds, ok };
}

/** Resolves with the ids of all calls. */
async function phoneOnAndOn(soak: Soak, seed: number): Promise<string[]> {
  const { place, onProgress, untilMs } = soak;
  const callIds: string[] = [];
  while (performance.now() < untilMs) {
    const [story] = drawStories(seed + callIds.length, 1);
    if (!story) break;
    await place.yard.teach([story.tell.say]);
    const scene = await CallScene.phone(place, { maxCallMs }).catch(() => null);
    if (!scene) {
      await timers.setTimeout(redialMs);
      continue;
    }
    soak.current = scene.call;
    callIds.push(scene.call.callId);
    const trouble = await talk(scene, story, soak.random);
    const { endedBy } = await scene.hangUp();
    soak.current = null;
    onProgress(`call ${callIds.length}: ended by ${endedBy}${trouble ? `; ${trouble}` : ''}`);
  }
  return callIds;
}

/** A whole call up to its end, or to where the caller gives up: then it says why. */
async function talk(scene: CallScene, story: Story, random: () => number): Promise<string | null> {
  const [books, says] = [random() < bookingShare, random() < farewellShare];
  try {
    await scene.greeted();
    await scene.ask(story.tell);
    for (const question of books ? [bookIt, yes] : [delivery]) await scene.ask(question);
    if (!says) return null;
    await scene.call.say(farewell);
    await scene.call.ended;
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Resolves with how often each thing was broken. */
async function breakThings(soak: Soak): Promise<Record<string, number>> {
  const { place, random, onProgress, untilMs } = soak;
  const names = Object.keys(soakFaults);
  const count: Record<string, number> = {};
  for (let minuteMs = performance.now(); minuteMs < untilMs; minuteMs += faultEveryMs) {
    const dueMs = minuteMs + random() * faultEveryMs;
    const name = names[Math.floor(random() * names.length)] ?? '';
    if (dueMs > untilMs) break;
    await timers.setTimeout(Math.max(0, dueMs - performance.now()));
    onProgress(`fault: ${name}`);
    await soakFaults[name]?.(place, soak.current);
    count[name] = (count[name] ?? 0) + 1;
  }
  return count;
}

/** Waits for everything to settle, ends the service, and looks at what there is still. */
async function whatIsLeft(place: CallPlace, callIds: readonly string[]) {
  const { yard, service } = place;
  await using store = await openStoreOf(yard);
  const { httpUrl, apiKey, apiSecret } = yard.livekit;
  const rooms = new RoomServiceClient(httpUrl, apiKey, apiSecret);
  const isClosed = (callId: string) =>
    service.lines.some((line) => line.event === 'call.closed' && line.callId === callId);
  await settled(() => callIds.every(isClosed));
  const roomsLeft = await countLeft(async () => (await rooms.listRooms()).length);
  const leasesLeft = await countLeft(
    async () => (await listLeases(store, callLeaseName(''))).length,
  );
  await settled(
    async () => (await store.db.selectFrom('outbox').select('id').execute()).length === 0,
  );
  const results: Record<string, number> = {};
  let ended = 0;
  for (const callId of callIds) {
    const row = await findCall(store, callId);
    const result = row?.result ?? 'none';
    results[result] = (results[result] ?? 0) + 1;
    const ends = service.lines.filter(
      (line) => line.event === 'call.ended' && line.callId === callId,
    );
    if (ends.length === 1 && row?.reason) ended += 1;
  }
  const bookings = await judgeBookings(store, place);
  for (const one of place.services) one.signal('SIGTERM');
  const processesLeft = await countLeft(() => place.countProcesses());
  return { ended, results, ...bookings, processesLeft, roomsLeft, leasesLeft };
}

async function judgeBookings(store: Store, { yard }: CallPlace) {
  const journal = await store.db.selectFrom('bookings').select(['bookingId', 'callId']).execute();
  const [header = [], ...rows] = yard.sheets.rows('Bookings');
  const ids = rows.map((row) => row[header.indexOf('Booking ID')]);
  const calls = journal.map(({ callId }) => callId);
  return {
    bookings: journal.length,
    bookingsLost: journal.filter(({ bookingId }) => !ids.includes(bookingId)).length,
    // No caller books more than once.
    bookingsDoubled: ids.length - new Set(ids).size + (calls.length - new Set(calls).size),
  };
}

/** How many there are when they are all gone, or at last. */
async function countLeft(count: () => Promise<number>): Promise<number> {
  await settled(async () => (await count()) === 0);
  return count();
}

/** Waits for it to hold; what has not settled in time is counted. */
async function settled(holds: () => boolean | Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + settleMs;
  while (!(await holds()) && performance.now() < untilMs) await timers.setTimeout(pollMs);
}
