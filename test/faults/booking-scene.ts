import assert from 'node:assert/strict';
import type { Service } from '../harness/yard/service.ts';
import type { BookingCalls, ToolResult } from './booking-calls.ts';
import { BookingOffice } from './booking-office.ts';
import type { FaultCase, FaultOutcome, Spoken } from './fault-case.ts';

/** The caller hears something by then, whatever is wrong: `toolMs` (6 s) and the test's 0.5 s. */
const answerWithinMs = 6_500;

/** What is booked, unless a case says otherwise: from tomorrow on, by one who calls from their number. */
export type Wish = {
  readonly itemId: string;
  readonly start: string;
  readonly end: string;
  readonly customer: string;
  readonly quantity?: number;
  readonly alsoItemIds?: readonly string[];
};

/** One office, one call, and what is done to both while the call books. */
export class BookingScene {
  readonly office: BookingOffice;
  readonly wish: Wish;
  calls: BookingCalls;
  supervisor: Service;
  /** All that the tools answered, in order. */
  readonly results: ToolResult[] = [];

  constructor(parts: Pick<BookingScene, 'office' | 'wish' | 'calls' | 'supervisor'>) {
    this.office = parts.office;
    this.wish = parts.wish;
    this.calls = parts.calls;
    this.supervisor = parts.supervisor;
  }

  /** The model uses `book_equipment`; after the caller has said `words`, or unasked when they are null. */
  async book(words: string | null, wish: Partial<Wish> = {}): Promise<ToolResult> {
    const args = { ...this.wish, ...wish };
    const result = await this.calls.use({ callId: 'call-1', tool: 'book_equipment', args, words });
    this.results.push(result);
    return result;
  }

  /** The caller asks for the price, then for the booking, and hears it read back. */
  async readBack(wish: Partial<Wish> = {}): Promise<void> {
    const args = { ...this.wish, ...wish };
    const quote = {
      callId: 'call-1',
      tool: 'quote_rental',
      args,
      words: 'How much is it?',
    } as const;
    await this.calls.use(quote);
    const { answer } = await this.book("I'd like to book it, please.", wish);
    assert.equal(answer.problem, 'not-confirmed', answer.say);
  }

  /** The caller agrees to what was read back. */
  async agree(wish: Partial<Wish> = {}): Promise<ToolResult> {
    return this.book('Yes, please book it.', wish);
  }

  /** The caller rings again about what was booked, and the model uses this tool in that call. */
  async again(
    tool: 'change_booking' | 'call_off_rent' | 'find_booking',
    args: object,
    words: string,
  ): Promise<ToolResult> {
    const result = await this.calls.use({ callId: 'call-2', tool, args, words });
    this.results.push(result);
    return result;
  }

  /** As a crash or the kernel ends it, without a word. */
  async killSupervisor(): Promise<void> {
    this.supervisor.signal('SIGKILL');
    await this.supervisor.exited;
  }

  async startSupervisor(): Promise<void> {
    this.supervisor = await this.office.startSupervisor();
  }
}

/** What must be true at the end. Several words in `spoken`: any of them is the truth. */
export type Expected = {
  readonly spoken: readonly Spoken[];
  readonly rowsInSheet: number;
  readonly inJournal: number;
};

/** A case: a call in a healthy office, what is done to them, and what must hold at the end. */
export function bookingFault(
  name: string,
  options: Parameters<typeof BookingOffice.open>[0] & {
    readonly wish?: (office: BookingOffice) => Partial<Wish>;
    readonly act: (scene: BookingScene) => Promise<void>;
    /** What else must hold, once everything is delivered. */
    readonly holds?: (scene: BookingScene) => void | Promise<void>;
    readonly expected: Expected;
  },
): FaultCase {
  return {
    name,
    run: async () => {
      await using office = await BookingOffice.open(options);
      const calls = office.startCalls();
      const supervisor = await office.startSupervisor();
      const usual = { start: office.day(1), end: office.day(3), itemId: 'EX-01' };
      const wish = { ...usual, customer: 'Maria Lopez', ...options.wish?.(office) };
      const scene = new BookingScene({ office, wish, calls, supervisor });
      await options.act(scene);
      await office.delivered();
      return outcomeOf(scene, options);
    },
  };
}

async function outcomeOf(
  scene: BookingScene,
  { expected, holds }: Pick<Parameters<typeof bookingFault>[1], 'expected' | 'holds'>,
): Promise<FaultOutcome> {
  const { office, wish, results } = scene;
  const seen = {
    spoken: spokenIn(results.at(-1)),
    rowsInSheet: office.rowsOf(wish.itemId).length,
    inJournal: (await office.journal()).length,
  };
  const ms = Math.max(...results.map((result) => result.ms));
  const wrong = [
    ...(seen.spoken && expected.spoken.includes(seen.spoken) ? [] : [`spoken: ${seen.spoken}`]),
    ...(seen.rowsInSheet === expected.rowsInSheet ? [] : [`rows: ${seen.rowsInSheet}`]),
    ...(seen.inJournal === expected.inJournal ? [] : [`journal: ${seen.inJournal}`]),
    ...(ms <= answerWithinMs ? [] : [`the caller waited ${ms} ms`]),
    ...(await failureOf(() => holds?.(scene))),
  ];
  const said = wrong.length > 0 ? [`heard: ${results.at(-1)?.answer.say}`] : [];
  const why = wrong.length > 0 ? [...wrong, ...said].join('; ') : null;
  return { ok: wrong.length === 0, ...seen, ms, why };
}

async function failureOf(check: () => void | Promise<void>): Promise<readonly string[]> {
  try {
    await check();
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** By the words, which are what the caller has: a yes that the data does not back is found here. */
function spokenIn(result: ToolResult | undefined): Spoken | null {
  if (!result) return null;
  const { say } = result.answer;
  if (
    /\byou're booked\b|\byou have .* booked\b|is extended through|changed your booking|is called off rent|is due back/i.test(
      say,
    )
  )
    return 'confirmed';
  if (
    /taken your request|your request for .* is taken|can't say yet|noted the (?:extension|change)/i.test(
      say,
    )
  )
    return 'pending';
  return 'refused';
}
