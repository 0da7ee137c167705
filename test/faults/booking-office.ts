import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import timers from 'node:timers/promises';
import { openStore, type Store } from '../../agent/infra/store/database.ts';
import { addDays, todayIn } from '../../tools/yard/rental-dates.ts';
import type { CellValue } from '../harness/emulators/sheets-cell.ts';
import { startSheetsEmulator, type SheetsEmulator } from '../harness/emulators/sheets.ts';
import { minimalEnvironment } from '../harness/environment.ts';
import { exampleSheet } from '../harness/yard/example-sheet.ts';
import { freeTcpPort } from '../harness/yard/free-port.ts';
import { Service } from '../harness/yard/service.ts';
import type { StorePlace } from '../agent/infra/store/both-databases.ts';
import { BookingCalls } from './booking-calls.ts';

const pollMs = 25;
/** After an outage the sheet writer may wait for its longest back-off. */
const settleMs = 90_000;

/** A yard's desk without a telephone: the sheet, the store, and real processes at work on both. */
export class BookingOffice implements AsyncDisposable {
  readonly sheets: SheetsEmulator;
  readonly store: Store;
  readonly place: StorePlace;
  readonly #env: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #cleanUp: AsyncDisposableStack;

  private constructor(
    parts: Pick<BookingOffice, 'sheets' | 'store' | 'place'>,
    rest: { env: Readonly<Record<string, string>>; folder: string; cleanUp: AsyncDisposableStack },
  ) {
    this.sheets = parts.sheets;
    this.store = parts.store;
    this.place = parts.place;
    this.#env = rest.env;
    this.#folder = rest.folder;
    this.#cleanUp = rest.cleanUp;
  }

  /** `databaseUrl` is that of an empty Postgres database; a SQLite file if left out. */
  static async open(
    options: {
      readonly sheet?: typeof exampleSheet;
      readonly env?: Readonly<Record<string, string>>;
      readonly databaseUrl?: string | undefined;
    } = {},
  ): Promise<BookingOffice> {
    await using cleanUp = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'pickup-office-'));
    cleanUp.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const { GOOGLE_SHEET_ID: spreadsheetId = '' } = minimalEnvironment();
    const tabs = options.sheet ?? exampleSheet;
    const sheets = await startSheetsEmulator({ spreadsheetId, tabs });
    cleanUp.defer(() => sheets.close());
    const { databaseUrl } = options;
    const place = { dataDir: join(folder, 'data'), ...(databaseUrl ? { databaseUrl } : {}) };
    const store = cleanUp.use(await openStore(place));
    const env = {
      ...minimalEnvironment({
        // Nobody listens there: the desk works without a telephone.
        LIVEKIT_URL: `ws://127.0.0.1:${await freeTcpPort()}`,
        SHEETS_BASE_URL: sheets.baseUrl,
        DATA_DIR: place.dataDir,
        PORT: '0',
        NUM_IDLE_PROCESSES: '1',
        ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
        ...options.env,
      }),
    } as Readonly<Record<string, string>>;
    return new BookingOffice({ sheets, store, place }, { env, folder, cleanUp: cleanUp.move() });
  }

  /** Starts a supervisor, as `npm start` does; resolves when it serves and knows the sheet. */
  async startSupervisor(): Promise<Service> {
    const service = new Service({ env: this.#env, logFolder: this.#folder });
    this.#cleanUp.use(service);
    await service.waitFor('service.started');
    return service;
  }

  /** Starts a process with calls; `linePath` is that of their supervisor, if not the first one. */
  startCalls({ diskFull = false, linePath = '' } = {}): BookingCalls {
    return this.#cleanUp.use(
      new BookingCalls({ ...this.#env, PICKUP_LINE: linePath }, { diskFull }),
    );
  }

  /** The day so many days from now, in the yard's zone. */
  day(fromToday: number): string {
    return addDays(todayIn('America/Chicago', { nowMs: () => Date.now() }), fromToday);
  }

  /** The rows of `Bookings` that hold a unit, below the header, on those days. */
  rowsOf(itemId: string): readonly (readonly CellValue[])[] {
    const [header = [], ...rows] = this.sheets.rows('Bookings');
    const column = header.indexOf('Item ID');
    return rows.filter((row) => row[column] === itemId);
  }

  /** A cell of the only row of a tab that holds `key`. */
  cell(tab: string, key: string, column: string): CellValue | undefined {
    const [header = [], ...rows] = this.sheets.rows(tab);
    return rows.find((row) => row.includes(key))?.[header.indexOf(column)];
  }

  /** All bookings of the journal. */
  async journal() {
    return this.store.db.selectFrom('bookings').selectAll().execute();
  }

  /** Waits until it holds. @throws {Error} that names `what` when it never does. */
  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const untilMs = performance.now() + settleMs;
    while (!(await holds())) {
      if (performance.now() > untilMs) throw new Error(`It never came to this: ${what}`);
      await timers.setTimeout(pollMs);
    }
  }

  /** Waits until the outbox is empty. */
  async delivered(): Promise<void> {
    await this.until(
      'everything is delivered',
      async () => (await this.store.db.selectFrom('outbox').select('id').execute()).length === 0,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanUp.disposeAsync();
  }
}
