import { addDays } from '../../../tools/yard/rental-dates.ts';
import type { StoreQueries } from '../../infra/store/database.ts';
import {
  ledgerOutcomes,
  readLedger,
  type LedgerFilter,
  type LedgerPage,
} from '../../infra/store/ledger.ts';
import type { LedgerRow } from '../../infra/store/ledger.ts';
import { csvLine } from '../csv.ts';
import { html, type Html } from '../html.ts';
import { badge, callerText, table } from '../layout.ts';
import { dayOf, durationText, type YardTime } from '../yard-time.ts';

/** The words that the page and the file use for an outcome. */
export const outcomeWords: Readonly<
  Record<string, readonly [tone: 'good' | 'bad' | 'warn' | 'plain', text: string]>
> = {
  answered: ['good', 'answered'],
  'short-abandon': ['plain', 'hung up within 5 s'],
  abandoned: ['warn', 'gave up waiting'],
  overflow: ['warn', 'nobody was free'],
  refused: ['plain', 'refused'],
  failed: ['bad', 'failed of ours'],
  'no-audio': ['warn', 'no sound'],
  dropped: ['warn', 'line lost'],
  test: ['plain', 'test'],
};

/** The ledger's filter that an address asks for; what it says and cannot be read filters nothing. */
export function filterOf(query: URLSearchParams, time: YardTime): LedgerFilter {
  const of = (name: string) => query.get(name)?.trim() || undefined;
  const flag = (name: string) => (of(name) === 'yes' ? true : undefined);
  const seconds = (name: string) => {
    const value = Number(of(name) ?? Number.NaN);
    return Number.isFinite(value) && value >= 0 ? Math.round(value * 1_000) : undefined;
  };
  const [from, to] = [dayOf(query, 'from'), dayOf(query, 'to')];
  return {
    sinceMs: from === undefined ? undefined : time.startOf(from),
    untilMs: to === undefined ? undefined : time.startOf(addDays(to, 1)),
    outcome: ledgerOutcomes.find((outcome) => outcome === of('outcome')),
    reason: of('reason'),
    lastDigits: of('digits')?.replace(/\D/g, '') || undefined,
    hasBooking: flag('booking'),
    hasMessage: flag('message'),
    minTalkMs: seconds('min'),
    maxTalkMs: seconds('max'),
    isSlow: flag('slow'),
    isSilent: flag('silent'),
    words: of('words'),
  };
}

/** The body of the page *Calls*. */
export function drawCalls(
  { rows, next }: LedgerPage,
  { query, time, nowMs }: { query: URLSearchParams; time: YardTime; nowMs: number },
): Html {
  const address = (change: Readonly<Record<string, string>>, path = '/desk/calls') => {
    const changed = new URLSearchParams(query);
    changed.delete('done');
    for (const [name, value] of Object.entries(change)) changed.set(name, value);
    const kept = new URLSearchParams([...changed].filter(([, value]) => value !== ''));
    return `${path}?${kept.toString()}`;
  };
  return html`<section aria-labelledby="h-filters">
      <h2 id="h-filters">Find calls</h2>
      ${drawFilters(query)}
    </section>
    <section aria-labelledby="h-found">
      <h2 id="h-found">Found</h2>
      ${table({
        caption: 'Calls, newest first',
        columns: [
          'When',
          'Number',
          'Result',
          'Length',
          'First word',
          'Answers p95',
          'What came of it',
        ],
        empty: 'No call is like that.',
        rows: rows.map((row) => drawRow(row, time, nowMs)),
      })}
      <p class="pager">
        ${query.has('cursor') && html`<a href="${address({ cursor: '' })}">Newest</a>`}
        ${next !== null && html`<a rel="next" href="${address({ cursor: next })}">Older calls</a>`}
        ${rows.length > 0 && html`<a href="${address({ cursor: '' }, '/desk/calls.csv')}">As a CSV file</a>`}
      </p>
    </section>`;
}

function drawRow(row: LedgerRow, time: YardTime, nowMs: number): Html {
  const [tone, text] = outcomeWords[row.outcome ?? ''] ?? ['plain', 'live'];
  return html`<tr>
    <th scope="row">
      <a href="/desk/call?id=${encodeURIComponent(row.callId)}"
        >${time.short(row.startedAtMs, nowMs)}</a
      >
    </th>
    <td>${callerText(row.lastDigits)}</td>
    <td>${badge(tone, text)} <span class="quiet">${row.reason}</span></td>
    <td class="number">${durationText(row.talkMs)}</td>
    <td class="number">${durationText(row.firstWordMs)}</td>
    <td class="number">${durationText(row.turnP95Ms)}</td>
    <td>
      ${row.hasBooking && badge('good', 'booking')} ${row.hasMessage && badge('plain', 'message')}
      ${row.isSlow && badge('warn', 'slow')} ${row.isSilent && badge('warn', 'silence')}
      ${row.isTest && badge('plain', 'test')}
    </td>
  </tr>`;
}

function drawFilters(query: URLSearchParams): Html {
  const value = (name: string) => query.get(name) ?? '';
  const input = (name: string, label: string, type = 'text') =>
    html`<div>
      <label for="f-${name}">${label}</label>
      <input id="f-${name}" name="${name}" type="${type}" value="${value(name)}" />
    </div>`;
  const select = (name: string, label: string, options: readonly (readonly [string, string])[]) =>
    html`<div>
      <label for="f-${name}">${label}</label>
      <select id="f-${name}" name="${name}">
        ${[['', 'any'] as const, ...options].map(
          ([key, text]) =>
            html`<option value="${key}" ${key === value(name) && html`selected`}>${text}</option>`,
        )}
      </select>
    </div>`;
  const yes = [['yes', 'yes']] as const;
  return html`<form class="filters" method="get" action="/desk/calls">
    ${input('from', 'From', 'date')} ${input('to', 'To', 'date')}
    ${select(
      'outcome',
      'Result',
      ledgerOutcomes.map((outcome) => [outcome, outcomeWords[outcome]?.[1] ?? outcome]),
    )}
    ${input('reason', 'Reason')} ${input('digits', "Number's last digits")}
    ${input('words', 'Words that were said')} ${select('booking', 'With a booking', yes)}
    ${select('message', 'With a message', yes)} ${select('slow', 'Slow answers', yes)}
    ${select('silent', 'With silence', yes)} ${input('min', 'At least, seconds', 'number')}
    ${input('max', 'At most, seconds', 'number')}
    <div><button>Find</button></div>
  </form>`;
}

const csvHeader = csvLine([
  'Time',
  'Zone',
  'Number',
  'Result',
  'Reason',
  'Ended by',
  'Seconds',
  'First word ms',
  'Answers p50 ms',
  'Answers p95 ms',
  'Takeovers',
  'Booking',
  'Message',
  'Call ID',
]);

/** The file of all calls that a filter finds, in parts: read page by page, as fast as it is taken. */
export async function* csvOf(
  store: StoreQueries,
  filter: LedgerFilter,
  time: YardTime,
): AsyncGenerator<string> {
  // By the mark at its beginning a spreadsheet program knows that it is UTF-8.
  yield `\ufeff${csvHeader}`;
  let cursor: string | null = null;
  do {
    const found: LedgerPage = await readLedger(store, filter, { cursor, limit: 500 });
    yield found.rows.map((row) => csvRow(row, time)).join('');
    cursor = found.next;
  } while (cursor !== null);
}

function csvRow(row: LedgerRow, time: YardTime): string {
  return csvLine([
    time.plain(row.startedAtMs),
    time.zone,
    callerText(row.lastDigits),
    row.outcome ?? 'live',
    row.reason,
    row.endedBy,
    row.talkMs === null ? null : row.talkMs / 1_000,
    row.firstWordMs,
    row.turnP50Ms,
    row.turnP95Ms,
    row.takeovers,
    row.hasBooking ? 'yes' : 'no',
    row.hasMessage ? 'yes' : 'no',
    row.callId,
  ]);
}
