import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BookingClient } from '../../../../agent/call/persistence/booking-client.ts';
import { loadConfig } from '../../../../agent/config/config.ts';
import { Line } from '../../../../agent/ipc/client.ts';
import { jobOrder } from '../../../../agent/ipc/messages.ts';
import type { JobOrder, JobReport } from '../../../../agent/ipc/messages.ts';
import { openStore } from '../../../../agent/infra/store/database.ts';
import { BookingGateway } from '../../../../agent/supervisor/sheet/booking-gateway.ts';
import { JobLine } from '../../../../agent/ipc/server.ts';
import { findBooking } from '../../../../tools/journal/journal.ts';
import type { Inventory } from '../../../../tools/yard/equipment.ts';
import { startSheetsEmulator, type SheetsEmulator } from '../../../harness/emulators/sheets.ts';
import { minimalEnvironment } from '../../../harness/environment.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';
import { exampleSheet } from '../../../harness/yard/example-sheet.ts';
import { onBothDatabases, type StorePlace } from '../../infra/store/both-databases.ts';
import {
  exampleInventory,
  requestForToday,
  waitFor,
} from '../../../tools/sheet/write/writer-rig.ts';
import { noEvents } from '../guardian/line-events.ts';

const { log } = recordedLog();
const signal = new AbortController().signal;
const long = { ms: 20_000, signal };

/** A supervisor's desk and line, on a place that others may share. */
async function startSupervisor(place: StorePlace, sheets: SheetsEmulator) {
  await using cleanUp = new AsyncDisposableStack();
  const store = cleanUp.use(await openStore(place));
  const config = loadConfig(
    minimalEnvironment({
      SHEETS_BASE_URL: sheets.baseUrl,
      DATA_DIR: place.dataDir,
      DATABASE_URL: place.databaseUrl,
      EQUIPMENT_LOAD_MS: '1000',
    }),
  );
  const refreshes: (() => Promise<unknown>)[] = [];
  const desk = new BookingGateway({
    config,
    store,
    log,
    refresh: () => refreshes.shift()?.() ?? Promise.resolve(),
  });
  const line = new JobLine({
    ...noEvents,
    onJobAsks: (job, report) => desk.onReport(job, report),
    onJobGone: (job) => desk.jobGone(job),
  });
  const path = await line.listen(place.dataDir);
  cleanUp.defer(() => line.close());
  desk.start();
  cleanUp.defer(() => desk.stop());
  const all = cleanUp.move();
  return { store, line, path, refreshes, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** A job's end, in this process. */
async function startJob(place: StorePlace, path: string, line: JobLine) {
  const store = await openStore(place);
  const jobs = line.jobs.size;
  const bookings: BookingClient = new BookingClient({
    callId: () => 'call-1',
    store: async () => store,
    inventory: async () => exampleInventory,
    send: (report) => socket.send(report),
    log,
  });
  const socket = new Line<JobReport, JobOrder>({
    path,
    orders: jobOrder,
    hello: () => ({
      type: 'hello',
      role: 'job',
      pid: process.pid,
      workerPid: process.ppid,
      stage: 'live',
      call: { jobId: 'job-1', room: 'room-1', callId: 'call-1' },
    }),
    onOrder: (order) => bookings.onOrder(order),
    onLost: () => bookings.onLineLost(),
  });
  await waitFor(() => line.jobs.size > jobs);
  return {
    bookings,
    store,
    async [Symbol.asyncDispose]() {
      await socket.close(null);
      await store.close();
    },
  };
}

async function openSheet() {
  const sheets = await startSheetsEmulator({ spreadsheetId: 'yard-1', tabs: exampleSheet });
  return Object.assign(sheets, { [Symbol.asyncDispose]: () => sheets.close() });
}

async function committed(bookings: BookingClient): Promise<string> {
  const result = await bookings.commit(requestForToday());
  return result.kind === 'committed'
    ? (result.bookings[0]?.bookingId ?? '')
    : assert.fail('refused');
}

onBothDatabases(({ newPlace }) => {
  test('a job commits, is told of the confirmation, and finds and cancels its booking', async () => {
    const place = await newPlace();
    await using sheets = await openSheet();
    await using supervisor = await startSupervisor(place, sheets);
    await using job = await startJob(place, supervisor.path, supervisor.line);
    const bookingId = await committed(job.bookings);
    assert.equal(await job.bookings.waitForState([bookingId], long), 'confirmed');
    assert.equal(sheets.rows('Bookings').at(-1)?.[0], bookingId);
    const [found] = await job.bookings.find({ code: bookingId });
    assert.equal(found?.state, 'confirmed');
    assert.equal((await job.bookings.cancel(bookingId)).kind, 'cancelled');
    await waitFor(() => sheets.rows('Bookings').at(-1)?.[5] === 'CANCELLED');
    await job.bookings.takeMessage({ customer: null, phone: null, text: 'Call back.' });
    await waitFor(() => hasTab(sheets, 'Messages') && sheets.rows('Messages').length === 2);
  });

  test('a job hears of a conflict', async () => {
    const place = await newPlace();
    await using sheets = await openSheet();
    sheets.setCell('Equipment', 'H4', 'MAINTENANCE');
    await using supervisor = await startSupervisor(place, sheets);
    await using job = await startJob(place, supervisor.path, supervisor.line);
    const bookingId = await committed(job.bookings);
    assert.equal(await job.bookings.waitForState([bookingId], long), 'conflict');
  });

  test('a sheet that does not answer leaves the booking pending', async () => {
    const place = await newPlace();
    await using sheets = await openSheet();
    sheets.faults.on('*', { do: 'hang' });
    await using supervisor = await startSupervisor(place, sheets);
    await using job = await startJob(place, supervisor.path, supervisor.line);
    const bookingId = await committed(job.bookings);
    assert.equal(await job.bookings.waitForState([bookingId], { ms: 50, signal }), 'pending');
  });

  test('the writer may be in another supervisor: the one that holds the job hears of it', async () => {
    const place = await newPlace();
    await using sheets = await openSheet();
    await using writing = await startSupervisor(place, sheets);
    await waitFor(async () =>
      (await writing.store.db.selectFrom('leases').selectAll().execute()).some(
        ({ name }) => name === 'sheet-writer',
      ),
    );
    await using other = await startSupervisor(place, sheets);
    await using job = await startJob(place, other.path, other.line);
    const bookingId = await committed(job.bookings);
    assert.equal(await job.bookings.waitForState([bookingId], long), 'confirmed');
  });

  test('a job without a supervisor books all the same, and reads at the end what became of it', async () => {
    const place = await newPlace();
    await using sheets = await openSheet();
    const supervisor = await startSupervisor(place, sheets);
    await using job = await startJob(place, supervisor.path, supervisor.line);
    await supervisor[Symbol.asyncDispose]();
    assert.equal(await job.bookings.freshInventory({ signal }), null);
    const bookingId = await committed(job.bookings);
    assert.equal((await findBooking(job.store, bookingId))?.state, 'pending');
    await using next = await startSupervisor(place, sheets);
    await waitFor(async () => (await findBooking(next.store, bookingId))?.state === 'confirmed');
    assert.equal(await job.bookings.waitForState([bookingId], { ms: 1, signal }), 'confirmed');
  });
});

onBothDatabases(({ dialect, newPlace }) => {
  if (dialect === 'postgres') return;
  test('a fresh look is the saved inventory, or null when the sheet does not answer', async () => {
    const place = await newPlace();
    await using sheets = await openSheet();
    await using supervisor = await startSupervisor(place, sheets);
    // The writer's own refreshes, after its first reconciliation, are none of this test's.
    await using job = await startJob(place, supervisor.path, supervisor.line);
    const fresh: Inventory | null = await job.bookings.freshInventory({ signal });
    assert.equal(fresh, exampleInventory);
    supervisor.refreshes.push(() => Promise.reject(new Error('Google is away')));
    assert.equal(await job.bookings.freshInventory({ signal }), null);
    supervisor.refreshes.push(() => new Promise(() => {}));
    assert.equal(await job.bookings.freshInventory({ signal }), null);
    const abort = new AbortController();
    supervisor.refreshes.push(() => new Promise(() => {}));
    const called = job.bookings.freshInventory({ signal: abort.signal });
    abort.abort(new Error('The caller hung up'));
    await assert.rejects(called, /hung up/);
  });
});

function hasTab(sheets: SheetsEmulator, title: string): boolean {
  try {
    return sheets.rows(title).length > 0;
  } catch {
    return false;
  }
}
