import { sharedTimes } from '../../config/timeouts.ts';
import type { BookingState } from '../../../tools/journal/booking.ts';
import { findBooking } from '../../../tools/journal/journal.ts';
import { SheetWriter } from '../../../tools/sheet/write/sheet-writer.ts';
import type { SheetsErrorCode } from '../../../tools/sheet/client/sheets-error.ts';
import { createSheetsClient } from '../../../tools/sheet/client/sheets-client.ts';
import type { Config } from '../../config/config.ts';
import { withDeadline } from '../../infra/deadline.ts';
import type { Log } from '../../telemetry/events.ts';
import type { Store } from '../../infra/store/database.ts';
import type { JobAsks, JobPeer } from '../../ipc/server.ts';

/** A job gives up waiting for the sheet after seconds; what comes later nobody is told. */
const watchMs = 30_000;

type Watch = { readonly job: JobPeer; readonly untilMs: number };

/** Answers what jobs ask of their supervisor about bookings, by the sheet writer that it runs. */
export class BookingGateway {
  readonly #store: Store;
  readonly #log: Log;
  readonly #refresh: () => Promise<unknown>;
  readonly #freshMs: number;
  readonly #writer: SheetWriter;
  readonly #watched = new Map<string, Watch>();
  #look: NodeJS.Timeout | undefined;
  #isStopped = false;

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

  /** True in the one process that writes the sheet. */
  get isLeading(): boolean {
    return this.#writer.isLeading;
  }

  /** Google's reason not to let the sheet be written; null when it does, as far as is known. */
  get refusal(): SheetsErrorCode | null {
    return this.#writer.refusal;
  }

  start(): void {
    this.#writer.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#look);
    await this.#writer.stop();
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

  #tell(bookingId: string, state: BookingState): void {
    const watch = this.#watched.get(bookingId);
    if (!watch || state === 'pending') return;
    this.#watched.delete(bookingId);
    watch.job.send({ type: 'booking-state', bookingId, state });
  }

  /**
   * Looks again and again while a job waits, one look at a time however slow the store is: the writer
   * may be in another supervisor, which has no line to us.
   */
  #lookLater(): void {
    if (this.#isStopped || this.#watched.size === 0) return;
    this.#look ??= setTimeout(() => {
      void this.#lookAll().finally(() => {
        this.#look = undefined;
        this.#lookLater();
      });
    }, sharedTimes.bookingLookMs);
  }

  async #lookAll(): Promise<void> {
    for (const [bookingId, { untilMs }] of this.#watched) {
      if (performance.now() > untilMs) this.#watched.delete(bookingId);
      else if (!this.#writer.isLeading) await this.#lookAt(bookingId);
    }
  }

  async #lookAt(bookingId: string): Promise<void> {
    try {
      const booking = await findBooking(this.#store, bookingId);
      if (booking) this.#tell(bookingId, booking.state);
    } catch (error) {
      this.#log.emit('store.failed', { bookingId, error }, 'booking');
    }
  }
}
