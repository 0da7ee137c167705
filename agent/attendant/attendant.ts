import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import { inventoryFromJson, inventorySnapshot } from '../../tools/sheet/read/inventory-snapshot.ts';
import type { Yard } from '../../tools/yard/equipment.ts';
import { loadConfig } from '../config/config.ts';
import { createLog } from '../infra/log.ts';
import { storeOpener } from '../infra/store/database.ts';
import { readSnapshot, readSnapshotTime } from '../infra/store/snapshots.ts';
import { Line, linePath } from '../ipc/client.ts';
import { attendantId, attendantOrder } from '../ipc/messages.ts';
import type {
  AttendantOrder,
  AttendantReport,
  AttendedCall as Attending,
} from '../ipc/messages.ts';
import { captureFrameworkLines } from '../livekit/framework-log.ts';
import { greetingFor } from '../speech/instructions.ts';
import { readPhraseAudio } from '../speech/prompts/phrase.ts';
import type { PhraseAudio } from '../speech/prompts/phrase.ts';
import { eventLog, watchedLog } from '../telemetry/events.ts';
import { MetricsSender } from '../telemetry/metrics-sender.ts';
import { attendedFolder } from '../ipc/saved-call.ts';
import { AttendedCall } from './attended-call.ts';
import { inTurn } from './in-turn.ts';

/**
 * The attendant process: answers calls for which no job is there yet, with what lies ready in the
 * store. The supervisor starts it, and tells it over the line which; it loads nothing of the framework.
 */

const config = loadConfig();
const baseLog = eventLog(
  captureFrameworkLines((write) =>
    createLog({ level: config.logLevel, secrets: config.secrets, write }),
  ),
);
const metrics = new MetricsSender((sent) => line.send({ type: 'metrics', metrics: sent }));
const log = watchedLog(baseLog, ({ samples }) => metrics.take(samples));

const keepAliveMs = 60_000;
/** So many rooms are joined at a time: twenty at once on busy cores all took longer than they may. */
const mostJoins = 4;
const loadedMs = 5_000;

const store = storeOpener(config.store);
/** The rooms that are attended, or about to be. */
const rooms = new Map<string, { call: AttendedCall | null; attending: Attending | null }>();
const joinInTurn = inTurn(mostJoins);
let isDraining = false;

const line = new Line<AttendantReport, AttendantOrder>({
  orders: attendantOrder,
  path: config.linePath ?? linePath(config.store.dataDir),
  hello: () => ({
    type: 'hello',
    role: 'attendant',
    pid: process.pid,
    calls: [...rooms.values()].flatMap(({ attending }) => attending ?? []),
  }),
  onOrder,
  // The next supervisor starts an attendant of its own; this one ends with its calls.
  onLost: drain,
  onIgnored: (ignored) => log.emit('line.failed', ignored),
});

function onOrder(order: AttendantOrder): void {
  switch (order.type) {
    case 'answer':
      return void answer(order);
    case 'job-coming':
      return rooms.get(order.room)?.call?.expectJob();
    case 'is-flood':
      return rooms.get(order.room)?.call?.isOfFlood();
    case 'give-up':
      for (const { call } of rooms.values()) call?.giveUp();
      return;
    case 'drain':
      return drain();
    default:
      order satisfies never;
  }
}

async function answer({
  room,
  patienceMs,
  supersedes,
  isFlood,
}: Extract<AttendantOrder, { type: 'answer' }>): Promise<void> {
  if (rooms.has(room)) return;
  const entry: { call: AttendedCall | null; attending: Attending | null } = {
    call: null,
    attending: null,
  };
  rooms.set(room, entry);
  const end = await attend();
  rooms.delete(room);
  line.send({ type: 'attended', room, end });
  if (isDraining) drain();

  async function attend() {
    try {
      const opened = await store();
      const yard = await yardNow();
      const greeting = greetingFor(yard, { isRecorded: config.recordCalls });
      const audio = await phrase(greeting.text);
      if (!audio) {
        log.emit('attendant.failed', { room, callId: null, why: 'greeting-not-ready' });
        return 'declined' as const;
      }
      entry.call = new AttendedCall({
        config,
        store: opened,
        log,
        room,
        holder: attendantId(randomUUID()),
        supersedes,
        patienceMs,
        isFlood,
        yard,
        greeting: { ...greeting, audio },
        phrase,
        joinInTurn,
        onSpoke: () => line.send({ type: 'spoke', room }),
        onAttending: (attending) => {
          entry.attending = attending;
          line.send({ type: 'attending', ...attending });
        },
      });
      return await entry.call.run();
    } catch (error) {
      log.emit('attendant.failed', { room, callId: null, why: 'error', error });
      return 'failed' as const;
    }
  }
}

let known: { readonly savedAtMs: number; readonly yard: Yard } | undefined;

/** The yard as the sheet was last read: unpacked only when that has changed. */
async function yardNow(): Promise<Yard | null> {
  const opened = await store();
  const savedAtMs = await readSnapshotTime(opened, inventorySnapshot);
  if (known && known.savedAtMs === savedAtMs) return known.yard;
  const snapshot = await readSnapshot(opened, inventorySnapshot);
  if (!snapshot) return null;
  const { yard } = inventoryFromJson(snapshot.json);
  known = { savedAtMs: snapshot.savedAtMs, yard };
  return yard;
}

const phrases = new Map<string, PhraseAudio>();

/** A phrase that lies ready, kept from then on: there are few, and the greeting changes seldom. */
async function phrase(text: string): Promise<PhraseAudio | undefined> {
  const kept = phrases.get(text);
  if (kept) return kept;
  const audio = await readPhraseAudio(await store(), config.voice, text);
  if (audio) phrases.set(text, audio);
  return audio;
}

/** Takes no further call, and exits with the last one. */
function drain(): void {
  isDraining = true;
  if (rooms.size > 0) return;
  void line.close({ type: 'bye', outcome: 'ended' }).then(() => process.exit(0));
}

// The whole terminal's group gets a Ctrl-C; what to do about it is the supervisor's decision.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('unhandledRejection', (error) =>
  log.emit('process.fault', { error }, 'attendant-rejection'),
);
process.on('uncaughtException', (error) => {
  log.emit('process.fault', { error }, 'attendant-exception');
  // Its calls go to another one, at once.
  process.exit(1);
});

// Nothing else holds a process without a call: the line lets go of it.
setInterval(() => {}, keepAliveMs);
// What an attendant before this one kept, and could not remove.
void rm(attendedFolder(config.store.dataDir), { recursive: true, force: true }).catch(() => {});
// Node writes it at a process's exit only; the next one starts faster, and with 20 MB less.
setTimeout(() => flushCompileCache(), loadedMs).unref();
// The first call waits for neither.
void yardNow().catch((error: unknown) => log.emit('store.failed', { error }, 'open-ahead'));
