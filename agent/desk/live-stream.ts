import type { ServerResponse } from 'node:http';
import type { DeskContext } from './context.ts';
import { lastEventId, readEvents } from './live-calls.ts';
import { drawEvent, drawRegions, type Region } from './pages/now.ts';

/** A row is on the page within a second of the ring, over both polls and the browser's work. */
const lookMs = 250;
/** The rest of the page is looked at every fourth time. */
const slowRegions: readonly Region[] = ['needs', 'service', 'summary'];
const aliveMs = 15_000;
/** The session of each reader is looked up so often: a revoked one sees no more. */
const checkMs = 5_000;
const mostReaders = 50;
/** A page that was away for longer than these is fetched anew in whole. */
const mostEvents = 100;

type Reader = {
  readonly response: ServerResponse;
  readonly mayRead: () => Promise<boolean>;
  /** The last event of a call that it was sent. */
  lastId: number;
  /** Each region as it was sent last. */
  readonly sent: Map<Region, string>;
};

/**
 * Sends the pages that are open what changes: regions whole, because a page needs only the last of
 * each, and the events of calls one by one, with the store's own ids. A page that comes back with
 * the last id it has, to this process or to the next, is sent what it missed.
 */
export class LiveStream {
  readonly #context: DeskContext;
  readonly #onError: (error: unknown) => void;
  readonly #readers = new Set<Reader>();
  #timer: NodeJS.Timeout | undefined;
  #looks = 0;
  #isLooking = false;
  #checkedMs = 0;
  #aliveMs = 0;

  constructor(context: DeskContext, onError: (error: unknown) => void) {
    this.#context = context;
    this.#onError = onError;
  }

  /** Streams to `response` until it closes; false when there are too many readers. */
  add(response: ServerResponse, lastId: number, mayRead: () => Promise<boolean>): boolean {
    if (this.#readers.size >= mostReaders) return false;
    const reader: Reader = { response, mayRead, lastId, sent: new Map() };
    response.on('close', () => this.#remove(reader));
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write('retry: 1000\n\n');
    this.#readers.add(reader);
    this.#looks = 0;
    this.#timer ??= setInterval(() => void this.#look(), lookMs);
    void this.#look();
    return true;
  }

  close(): void {
    for (const { response } of this.#readers) response.end();
  }

  #remove(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#checkReaders();
      const isSlow = this.#looks % 4 === 0;
      this.#looks += 1;
      const wanted = ['live' as const, ...(isSlow ? slowRegions : [])];
      for (const [region, drawn] of await drawRegions(this.#context, wanted)) {
        const text = drawn.toString();
        for (const reader of this.#readers) this.#sendRegion(reader, region, text);
      }
      await this.#sendEvents();
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#isLooking = false;
    }
  }

  #sendRegion({ response, sent }: Reader, region: Region, drawn: string): void {
    const compared = withoutTicks(drawn);
    if (sent.get(region) === compared) return;
    sent.set(region, compared);
    response.write(`event: region\ndata: ${JSON.stringify({ region, html: drawn })}\n\n`);
  }

  async #sendEvents(): Promise<void> {
    const store = await this.#context.store();
    const newest = await lastEventId(store);
    const behind = [...this.#readers].filter(({ lastId }) => lastId < newest);
    if (behind.length === 0) return;
    const afterId = Math.min(...behind.map(({ lastId }) => lastId));
    const events = await readEvents(store, { afterId, limit: mostEvents });
    const { time } = await this.#context.yard();
    for (const event of events) {
      const drawn = drawEvent(event, time, this.#context.nowMs()).toString();
      for (const reader of behind) {
        if (reader.lastId >= event.id) continue;
        reader.lastId = event.id;
        reader.response.write(
          `id: ${event.id}\nevent: log\ndata: ${JSON.stringify({ html: drawn })}\n\n`,
        );
      }
    }
  }

  async #checkReaders(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#aliveMs >= aliveMs) {
      this.#aliveMs = nowMs;
      for (const { response } of this.#readers) response.write(':\n\n');
    }
    if (nowMs - this.#checkedMs < checkMs) return;
    this.#checkedMs = nowMs;
    for (const reader of this.#readers) {
      if (await reader.mayRead()) continue;
      reader.response.end('event: signed-out\ndata: {}\n\n');
      this.#readers.delete(reader);
    }
  }
}

/** The seconds that the page counts by itself are no change. */
function withoutTicks(drawn: string): string {
  return drawn.replaceAll(/(data-since="\d+">)[^<]*/g, '$1');
}
