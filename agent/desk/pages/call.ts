import { writtenMoney } from '../../../tools/yard/spoken.ts';
import type { Recording } from '../../infra/recordings.ts';
import type { LedgerCall } from '../../infra/store/ledger.ts';
import type { Transcript, TranscriptTurn } from '../../infra/store/transcripts.ts';
import { eventText } from '../event-text.ts';
import { html, type Html } from '../html.ts';
import { badge, callerText, factList, table } from '../layout.ts';
import { durationText, type YardTime } from '../yard-time.ts';
import { outcomeWords } from './calls.ts';

/** The lanes are drawn so wide, and scaled by the page. */
const laneWidth = 1_000;

/** The body of the page of one call. */
export function drawCall(
  call: LedgerCall,
  {
    time,
    currency,
    nowMs,
    recordings,
  }: {
    readonly time: YardTime;
    readonly currency: string;
    readonly nowMs: number;
    readonly recordings: readonly Recording[];
  },
): Html {
  const { startedAtMs, answeredAtMs, transcript, events, bookings, messages, callBacks } = call;
  const [tone, text] = outcomeWords[call.outcome ?? ''] ?? ['good', 'live'];
  const facts: readonly (readonly [string, Html | string])[] = [
    ['Result', html`${badge(tone, text)} ${call.result}`],
    ['Reason', call.reason ?? '–'],
    ['Ended by', call.endedBy ?? '–'],
    ['Rang', time.full(startedAtMs)],
    ['Ring to answer', durationText(answeredAtMs === null ? null : answeredAtMs - startedAtMs)],
    ['Answer to first word', durationText(call.firstWordMs)],
    ['Length', durationText(call.talkMs)],
    ['Answers, middle', durationText(call.turnP50Ms)],
    ['Answers, p95', durationText(call.turnP95Ms)],
    ['Longest silence', durationText(call.longestWaitMs)],
    ['Takeovers, hand-overs', `${call.takeovers ?? 0}, ${call.handovers ?? 0}`],
    [
      'Number',
      call.phone === null
        ? callerText(call.lastDigits)
        : html`<a href="tel:${call.phone}">${call.phone}</a>`,
    ],
  ];
  return html`<section aria-labelledby="h-facts">
      <h2 id="h-facts">What it was</h2>
      ${factList(facts)}
    </section>
    <section aria-labelledby="h-lanes">
      <h2 id="h-lanes">Who spoke when</h2>
      ${drawLanes(call, nowMs)}
    </section>
    ${recordings.length > 0 && drawRecordings(call, recordings)}
    <section aria-labelledby="h-said">
      <h2 id="h-said">What was said and done</h2>
      ${drawTranscript(transcript, startedAtMs)}
    </section>
    <section aria-labelledby="h-turns">
      <h2 id="h-turns">The way to each answer</h2>
      ${drawTurns(transcript, startedAtMs)}
    </section>
    <section aria-labelledby="h-outcome">
      <h2 id="h-outcome">What came of it</h2>
      ${
        bookings.length + messages.length + callBacks.length === 0 &&
        html`<p class="empty">No booking, no message, nobody to call back.</p>`
      }
      <ul class="plain">
        ${bookings.map(
          (row) =>
            html`<li>
              ${badge(row.state === 'conflict' ? 'bad' : 'good', row.state)}
              <strong>${row.bookingId}</strong> ${row.itemName} (${row.itemId}), ${row.startDay} to
              ${row.endDay}, ${row.customer}, ${writtenMoney(row.totalCents, currency)}. Journal
              ${time.short(row.createdAtMs, nowMs)},
              ${
                row.state === 'pending'
                  ? 'not in the sheet yet'
                  : html`last changed ${time.short(row.changedAtMs, nowMs)}`
              }.
            </li>`,
        )}
        ${messages.map(
          (row) =>
            html`<li>${badge('plain', 'message')} <strong>${row.code}</strong> ${row.text}</li>`,
        )}
        ${callBacks.map(
          (item) =>
            html`<li>
              ${badge(item.state === 'open' ? 'warn' : 'good', `call back: ${item.state}`)}
              ${item.reason} ${item.note} ${item.settledBy !== null && html`(${item.settledBy})`}
            </li>`,
        )}
      </ul>
    </section>
    <section aria-labelledby="h-events">
      <h2 id="h-events">Events</h2>
      ${table({
        caption: 'Events of the call',
        columns: ['When', 'After', 'Event', 'Details'],
        empty: 'None was written down.',
        rows: events.map(
          ({ atMs, event, data }) =>
            html`<tr>
              <td>${time.short(atMs, nowMs)}</td>
              <td class="number">${offset(atMs, startedAtMs)}</td>
              <th scope="row">${eventText(event, record(data))}</th>
              <td><code>${data === null ? '' : JSON.stringify(data)}</code></td>
            </tr>`,
        ),
      })}
      <h3>To find it elsewhere</h3>
      <p>Call <code>${call.callId}</code></p>
      <p>Room <code>${call.room}</code></p>
    </section>`;
}

function drawRecordings(
  { callId, startedAtMs }: LedgerCall,
  recordings: readonly Recording[],
): Html {
  return html`<section aria-labelledby="h-recording">
    <h2 id="h-recording">Recording</h2>
    <ul class="plain">
      ${recordings.map(({ startedAtMs: atMs, voice }) => {
        const query = new URLSearchParams({ id: callId, at: `${atMs}`, voice });
        const name = `The ${voice}, from ${offset(atMs, startedAtMs)}`;
        return html`<li>
          <span>${name}</span>
          <audio
            controls
            preload="none"
            aria-label="${name}"
            src="/desk/recording?${query.toString()}"
          ></audio>
        </li>`;
      })}
    </ul>
  </section>`;
}

/** Two lanes over the call's time; each bar leads to its line. */
function drawLanes({ transcript, startedAtMs, endedAtMs }: LedgerCall, nowMs: number): Html {
  const { lines } = transcript;
  if (lines.length === 0) return html`<p class="empty">Nothing was said.</p>`;
  const lengthMs = Math.max((endedAtMs ?? nowMs) - startedAtMs, 1_000);
  const x = (atMs: number) =>
    Math.min(laneWidth, Math.max(0, ((atMs - startedAtMs) / lengthMs) * laneWidth));
  const rounded = (value: number) => Number(value.toFixed(1));
  const steps = [0, 0.25, 0.5, 0.75, 1];
  const spoke = (who: string) => lines.filter((line) => line.who === who).length;
  return html`<svg
    class="lanes"
    viewBox="0 0 ${laneWidth} 92"
    role="img"
    aria-label="The caller spoke ${spoke('caller')} times, the agent ${spoke('agent')} times, in ${durationText(lengthMs)}"
  >
    <text x="0" y="12">caller</text>
    <text x="0" y="48">agent</text>
    ${lines.map((line) => {
      const [from, to] = [x(line.atMs), x(line.untilMs ?? line.atMs + 400)];
      return html`<rect
        class="${line.who}"
        x="${rounded(from)}"
        y="${line.who === 'caller' ? 17 : 53}"
        width="${rounded(Math.max(2, to - from))}"
        height="16"
        rx="3"
      ></rect>`;
    })}
    <line class="axis" x1="0" x2="${laneWidth}" y1="76" y2="76"></line>
    ${steps.map(
      (part) =>
        html`<text
          x="${part * laneWidth}"
          y="89"
          text-anchor="${part === 0 ? 'start' : part === 1 ? 'end' : 'middle'}"
        >
          ${durationText(part * lengthMs)}
        </text>`,
    )}
  </svg>`;
}

type Row = { readonly atMs: number; readonly drawn: Html };

/** Lines and tools in the order of time; an answer's line leads to its way, and back. */
function drawTranscript({ lines, tools, turns }: Transcript, startedAtMs: number): Html {
  const turnOf = turnsByLine({ lines, turns });
  const rows: readonly Row[] = [
    ...lines.map((line, at): Row => {
      const turn = turnOf.get(at);
      return {
        atMs: line.atMs,
        drawn: html`<li id="line-${at}" class="${line.who}">
          <span class="quiet">${offset(line.atMs, startedAtMs)}</span>
          <span class="who">${line.who}</span>
          <span class="words"
            >${line.text} ${line.isInterrupted && badge('plain', 'interrupted')}
            ${turn !== undefined && html`<a href="#turn-${turn}">answer ${turn + 1}</a>`}</span
          >
        </li>`,
      };
    }),
    ...tools.map((tool): Row => ({
      atMs: tool.atMs,
      drawn: html`<li class="tool">
        <span class="quiet">${offset(tool.atMs, startedAtMs)}</span>
        <span class="who">tool</span>
        <div class="words">
          ${badge(tool.ok ? 'plain' : 'bad', tool.tool)}
          <span class="quiet">${durationText(tool.durationMs)}</span>
          <details>
            <summary>Asked and answered</summary>
            <pre>${pretty(tool.args)}</pre>
            <pre>${pretty(tool.result)}</pre>
          </details>
        </div>
      </li>`,
    })),
  ];
  if (rows.length === 0) return html`<p class="empty">Nothing was kept of it.</p>`;
  return html`<ol class="transcript">
    ${rows.toSorted((a, b) => a.atMs - b.atMs).map(({ drawn }) => drawn)}
  </ol>`;
}

/** Each answer's turn, by the place of the agent's line that it led to. */
function turnsByLine({
  lines,
  turns,
}: Pick<Transcript, 'lines' | 'turns'>): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  turns.forEach((turn, nth) => {
    const untilMs = turns[nth + 1]?.atMs ?? Infinity;
    const at = lines.findIndex(
      (line) => line.who === 'agent' && line.atMs >= turn.atMs && line.atMs < untilMs,
    );
    if (at >= 0) found.set(at, nth);
  });
  return found;
}

const stages = [
  ['heardMs', 'words heard'],
  ['endOfTurnMs', 'end of turn'],
  ['firstTokenMs', 'first token'],
  ['firstByteMs', "voice's first byte"],
  ['firstSoundMs', 'first sound'],
] as const;

function drawTurns(transcript: Transcript, startedAtMs: number): Html {
  const { turns } = transcript;
  const longestMs = Math.max(
    1,
    ...turns.flatMap((turn) => stages.map(([name]) => turn[name] ?? 0)),
  );
  const lineOf = new Map([...turnsByLine(transcript)].map(([line, turn]) => [turn, line]));
  return table({
    caption: 'Milliseconds after the caller had spoken',
    columns: ['Answer', 'At', ...stages.map(([, text]) => text), 'Age of the list', 'Way'],
    empty: 'No answer was timed.',
    rows: turns.map((turn, nth) => {
      const line = lineOf.get(nth);
      return html`<tr id="turn-${nth}">
        <th scope="row">
          ${line === undefined ? `${nth + 1}` : html`<a href="#line-${line}">${nth + 1}</a>`}
        </th>
        <td>${offset(turn.atMs, startedAtMs)}</td>
        ${stages.map(([name]) => html`<td class="number">${whole(turn[name])}</td>`)}
        <td class="number">${durationText(turn.listAgeMs)}</td>
        <td>${drawWay(turn, longestMs)}</td>
      </tr>`;
    }),
  });
}

/** A bar of the stages that are known, one behind the other. */
function drawWay(turn: TranscriptTurn, longestMs: number): Html {
  let fromMs = 0;
  const bars = stages.map(([name], nth) => {
    const toMs = turn[name];
    if (toMs === null || toMs <= fromMs) return null;
    const [x, width] = [(fromMs / longestMs) * 300, ((toMs - fromMs) / longestMs) * 300];
    fromMs = toMs;
    return html`<rect
      class="s${nth}"
      x="${x.toFixed(1)}"
      y="2"
      width="${width.toFixed(1)}"
      height="12"
    ></rect>`;
  });
  return html`<svg class="turn-bar" viewBox="0 0 300 16" aria-hidden="true">${bars}</svg>`;
}

function offset(atMs: number, startedAtMs: number): string {
  const s = Math.max(0, (atMs - startedAtMs) / 1_000);
  return `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, '0')}`;
}

function whole(ms: number | null): string {
  return ms === null ? '–' : `${Math.round(ms)}`;
}

function pretty(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, null, 1) ?? '');
}

function record(data: unknown): Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
}
