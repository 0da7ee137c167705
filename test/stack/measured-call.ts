import type { BookingState } from '../../tools/journal/booking.ts';
import type { Call } from '../harness/caller/call.ts';
import type { CallReport } from '../harness/caller/call-report.ts';
import { openStore } from '../../agent/infra/store/database.ts';
import { processEnd } from '../harness/yard/process-end.ts';
import type { LogLine } from '../harness/yard/service-log.ts';
import type { Service } from '../harness/yard/service.ts';
import type { Yard } from '../harness/yard/yard.ts';
import { wordsOfAnswers } from '../harness/caller/words-heard.ts';

/** A call as the demo reports it; a field without a value is null. Times in milliseconds. */
export type CallResult = {
  readonly callId: string;
  readonly answered: boolean;
  readonly ringToAnswerMs: number | null;
  readonly ringToFirstWordMs: number | null;
  readonly turns: readonly {
    readonly caller: string;
    readonly agent: string | null;
    readonly latencyMs: number | null;
  }[];
  readonly longestSilenceMs: number | null;
  readonly tools: readonly string[];
  readonly endedBy: CallReport['endedBy'];
  readonly result: string | null;
  readonly reason: string | null;
  readonly exitMs: number | null;
  readonly booking: CallBooking | null;
  readonly recording: string | null;
};

/** What the call booked, last: as the journal has it, and how often the sheet holds its code. */
export type CallBooking = {
  readonly code: string;
  readonly itemId: string;
  readonly state: BookingState;
  readonly rowsInSheet: number;
};

/** A job must be gone 3 s after its call; one that is still there after this is left over. */
const exitLimitMs = 30_000;
/** A caller gives up after 180 s (`placeCall`); what is not closed by then is not going to be. */
const callLimitMs = 240_000;

/** Waits for the end of a call and measures it, from its recording and the service's log. */
export async function measuredCall(
  { yard, service }: { readonly yard: Yard; readonly service: Service },
  call: Call,
): Promise<CallResult> {
  const isOfCall = (line: LogLine) => line.callId === call.callId;
  // Watched from the beginning: the process is gone before the caller's report is made.
  const gone = service
    .waitFor('call.closed', isOfCall, callLimitMs)
    .then((line) => processEnd(Number(line['jobPid']), exitLimitMs))
    // A call that is never closed is no reason to tell nothing of the others.
    .catch(() => null);
  const report = await call.ended;
  const goneAtMs = await gone;
  const lines = service.callLines(call.callId);
  const ended = lines.find((line) => line.event === 'call.ended');
  const words = await wordsOf(yard, call, report);
  return {
    callId: call.callId,
    answered: report.answered,
    ringToAnswerMs: rounded(report.ringToAnswerMs),
    ringToFirstWordMs: rounded(report.ringToFirstWordMs),
    turns: report.turns.map(({ caller, latencyMs }, nth) => ({
      caller,
      agent: words[nth] ?? null,
      latencyMs: rounded(latencyMs),
    })),
    longestSilenceMs: rounded(report.longestSilenceMs),
    tools: lines.filter((line) => line.event === 'tool.used').map((line) => String(line['tool'])),
    endedBy: report.endedBy,
    result: asText(ended?.['result']),
    reason: asText(ended?.['reason']),
    exitMs: exitMs(report, goneAtMs),
    booking: await bookingOf(yard, call.callId),
    recording: report.recording,
  };
}

/**
 * Whether the call was answered, held every scripted turn, and ended as it should; one that `books`
 * must have left one confirmed row in the sheet.
 */
export function wentWell(
  call: CallResult,
  { endBy, books }: { readonly endBy: 'agent' | 'caller'; readonly books: boolean },
): boolean {
  const reason = endBy === 'agent' ? 'agent-goodbye' : 'caller-hangup';
  const { booking } = call;
  return (
    (!books || (booking?.state === 'confirmed' && booking.rowsInSheet === 1)) &&
    call.answered &&
    call.turns.length > 0 &&
    call.turns.every((turn) => turn.agent !== null) &&
    call.endedBy === endBy &&
    call.result === 'completed' &&
    call.reason === reason &&
    call.exitMs !== null
  );
}

async function bookingOf(yard: Yard, callId: string): Promise<CallBooking | null> {
  const { DATA_DIR: dataDir = '', DATABASE_URL: databaseUrl } = yard.env;
  await using store = await openStore({ dataDir, databaseUrl });
  const made = await store.db
    .selectFrom('bookings')
    .select(['bookingId', 'itemId', 'state'])
    .where('callId', '=', callId)
    .orderBy('createdAtMs', 'desc')
    .executeTakeFirst();
  if (!made) return null;
  const { bookingId: code, itemId, state } = made;
  const rows = yard.sheets.rows('Bookings').filter((row) => row.includes(code));
  return { code, itemId, state, rowsInSheet: rows.length };
}

/** From the caller's leaving, or from the end of the agent's goodbye, to the end of the job. */
function exitMs(report: CallReport, goneAtMs: number | null): number | null {
  if (goneAtMs === null) return null;
  const fromMs = report.endedBy === 'agent' ? report.goodbyeEndMs : report.endedAtMs;
  return Math.round(goneAtMs - report.startedAtEpochMs - (fromMs ?? report.endedAtMs));
}

/** The words of what was heard in answer to each line; null where there are none. */
async function wordsOf(
  yard: Yard,
  call: Call,
  { turns, startedAtEpochMs }: CallReport,
): Promise<(string | null)[]> {
  const own = yard.of(call, yard.spoken);
  const answers = turns.map(({ agentPcm, agentToMs }, nth) => {
    // The agent may still be at its answer to the line before.
    const fromMs = startedAtEpochMs + (turns[nth - 1]?.callerFromMs ?? 0);
    const toMs = startedAtEpochMs + (agentToMs ?? 0);
    const spoken = own.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    return { pcm: agentPcm ?? new Int16Array(), spoken };
  });
  return wordsOfAnswers({ answers, ahead: yard.spokenAhead });
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}

function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
