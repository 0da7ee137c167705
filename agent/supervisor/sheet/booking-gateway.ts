import type { BookingState } from '../../../tools/journal/booking.ts';
import { findBooking } from '../../../tools/journal/journal.ts';
import type { Notice } from '../../../tools/journal/notices.ts';
import { SheetWriter } from '../../../tools/sheet/write/sheet-writer.ts';
import type { SheetsErrorCode } from '../../../tools/sheet/client/sheets-error.ts';
import { createSheetsClient } from '../../../tools/sheet/client/sheets-client.ts';
import type { Config } from '../../config/config.ts';
import { withDeadline } from '../../infra/deadline.ts';
import type { Log } from '../../infra/log.ts';
import type { Store } from '../../infra/store/database.ts';
import { listenToNotices, type NoticeListener } from '../../store/notice-listener.ts';
import type { JobAsks, JobPeer } from '../../ipc/server.ts';

/** A job gives up waiting for the sheet after seconds; what comes later nobody is told. */
const watchMs = 30_000;
/** On SQLite the writer may be in another supervisor of this machine, which has no line to us. */
const lookMs = 200;

type Watch = { readonly job: JobPeer; readonly untilMs: number };

/** What jobs ask of their supervisor about bookings, and the sheet writer that answers. */
export class BookingGateway {
  readonly #store: Store;
  readonly #log: Log;
  readonly #refresh: () => Promise<unknown>;
  readonly #freshMs: number;
  readonly #databaseUrl: string | null;
  readonly #writer: SheetWriter;
  readonly #watched = new Map<string, Watch>();
  #listener: NoticeListener | undefined;
  #look: NodeJS.Timeout | undefined;

  /** `refresh` reads the whole sheet anew and saves it; it rejects when the sheet did not answer. */
  constructor(options: {
    readonly config: Config;
    readonly store: Store;
    readonly log: Log;
    readonly refresh: () => Promise<unknown>;
  }) {
    const { config, store, log, refresh } = options;
    this.#store = store;
    this.#log = log;
    this.#refresh = refresh;
    this.#freshMs = config.timeouts.equipmentLoadMs;
    this.#databaseUrl = config.store.databaseUrl;
    this.#writer = new SheetWriter({
      store,
      log,
      client: createSheetsClient({
        spreadsheetId: config.sheet.id,
        auth: config.sheet.auth,
        ...(config.sheet.baseUrl ? { baseUrl: config.sheet.baseUrl } : {}),
      }),
      onState: (bookingId, state) => this.#tell(bookingId, state),
      // What the calls read is no longer true.
      onWritten: () => void refresh().catch(() => {}),
    });
  }

  /** Whether this process is the one that writes the sheet. */
  get isLeading(): boolean {
    return this.#writer.isLeading;
  }

  /** Why Google does not let the sheet be written; null when it does, as far as is known. */
  get refusal(): SheetsErrorCode | null {
    return this.#writer.refusal;
  }

  start(): void {
    if (this.#databaseUrl) {
      this.#listener = listenToNotices({
        databaseUrl: this.#databaseUrl,
        log: this.#log,
        onNotice: (notice) => this.#heard(notice),
        onListening: () => this.#lookAll(),
      });
    }
    this.#writer.start();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#look);
    await Promise.all([this.#writer.stop(), this.#listener?.stop()]);
  }

  /** A report of a job that is about bookings. */
  onReport(job: JobPeer, report: JobAsks): void {
    if (report.type === 'ask') void this.#answer(job, report.id);
    if (report.type !== 'booking-committed') return;
    const { bookingId } = report;
    if (bookingId !== null) {
      this.#watched.set(bookingId, { job, untilMs: performance.now() + watchMs });
      // It may have been settled before anybody here knew that a job waits for it.
      void this.#lookAt(bookingId);
      this.#lookLater();
    }
    this.#writer.poke();
  }

  jobGone(job: JobPeer): void {
    for (const [bookingId, watch] of this.#watched) {
      if (watch.job === job) this.#watched.delete(bookingId);
    }
  }

  async #answer(job: JobPeer, id: number): Promise<void> {
    // A failure is in the log already, where the sheet is read.
    const saved = await withDeadline(() => this.#refresh(), {
      ms: this.#freshMs,
      label: 'fresh look at the sheet',
    }).then(
      () => true,
      () => false,
    );
    job.send({ type: 'answer', id, saved });
  }

  #heard(notice: Notice): void {
    if (notice.about === 'outbox') this.#writer.poke();
    else this.#tell(notice.bookingId, notice.state);
  }

  #tell(bookingId: string, state: BookingState): void {
    const watch = this.#watched.get(bookingId);
    if (!watch || state === 'pending') return;
    this.#watched.delete(bookingId);
    watch.job.send({ type: 'booking-state', bookingId, state });
  }

  #lookLater(): void {
    if (this.#store.dialect !== 'sqlite') return;
    clearTimeout(this.#look);
    this.#look = setTimeout(() => {
      if (this.#writer.isLeading) return;
      this.#lookAll();
      if (this.#watched.size > 0) this.#lookLater();
    }, lookMs);
  }

  #lookAll(): void {
    for (const [bookingId, { untilMs }] of this.#watched) {
      if (performance.now() > untilMs) this.#watched.delete(bookingId);
      else void this.#lookAt(bookingId);
    }
  }

  async #lookAt(bookingId: string): Promise<void> {
    try {
      const booking = await findBooking(this.#store, bookingId);
      if (booking) this.#tell(bookingId, booking.state);
    } catch (error) {
      this.#log.warn({ event: 'store.failed', bookingId, error }, 'booking could not be looked up');
    }
  }
}
