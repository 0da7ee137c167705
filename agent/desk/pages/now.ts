import { readBacklog } from '../../../tools/journal/overview.ts';
import { readProblems } from '../../../tools/sheet/read/sheet-problems.ts';
import { readAudits } from '../../infra/store/call-backs.ts';
import type { DeskContext, ServiceState } from '../context.ts';
import { eventText } from '../event-text.ts';
import { html, type Html } from '../html.ts';
import { badge, callerText, deedButton, factList, table } from '../layout.ts';
import { readLiveCalls, type LoggedEvent } from '../live-calls.ts';
import { placeOf, readNeeds, sentenceOf, type Need } from '../needs.ts';
import { durationText, type YardTime } from '../yard-time.ts';

/** Parts of the page *Now* that are replaced when they change. */
export const regions = ['summary', 'needs', 'live', 'service'] as const;

/** One of `regions`. */
export type Region = (typeof regions)[number];

/** Reads and draws some of the regions; what several of them tell of is read once. */
export async function drawRegions(
  context: DeskContext,
  wanted: readonly Region[],
): Promise<ReadonlyMap<Region, Html>> {
  const store = await context.store();
  const nowMs = context.nowMs();
  const isWanted = (...of: readonly Region[]) => of.some((region) => wanted.includes(region));
  const [{ time }, calls, needs, service] = await Promise.all([
    context.yard(),
    isWanted('summary', 'live') ? readLiveCalls(store) : [],
    isWanted('summary', 'needs') ? readNeeds(store, nowMs) : [],
    isWanted('service') ? context.service() : null,
  ]);
  const draw: Readonly<Record<Region, () => Html | Promise<Html>>> = {
    summary: () =>
      html`${counted(calls.length, 'live call', 'live calls')},
      ${counted(needs.length, 'thing needs', 'things need')} a person`,
    needs: () => drawNeeds(needs, { time, nowMs }),
    live: () => drawLive(calls, { time, nowMs }),
    service: () => drawService(context, service),
  };
  const drawn = new Map<Region, Html>();
  for (const region of wanted) drawn.set(region, await draw[region]());
  return drawn;
}

/** One line of the log. */
export function drawEvent(entry: LoggedEvent, time: YardTime, nowMs: number): Html {
  return html`<p>
    ${time.short(entry.atMs, nowMs)}
    <a href="/desk/call?id=${encodeURIComponent(entry.callId)}">${callerText(entry.lastDigits)}</a>
    ${eventText(entry.event, entry.data)}
  </p>`;
}

/** The page's body; `afterId` is the last event in it. */
export function drawNow(of: {
  readonly drawn: ReadonlyMap<Region, Html>;
  readonly events: readonly Html[];
  readonly afterId: number;
}): Html {
  const { drawn, events, afterId } = of;
  return html`<div class="bar">
      <p id="summary" role="status">${drawn.get('summary')}</p>
      <p id="link" class="quiet" role="status" data-live="${afterId}"></p>
      <button id="pause" class="quiet" type="button" aria-pressed="false" hidden>
        Pause updates
      </button>
    </div>
    <section aria-labelledby="h-needs">
      <h2 id="h-needs">Needs a person</h2>
      <div id="needs">${drawn.get('needs')}</div>
    </section>
    <section aria-labelledby="h-live">
      <h2 id="h-live">Live calls</h2>
      <div id="live">${drawn.get('live')}</div>
    </section>
    <section aria-labelledby="h-log">
      <h2 id="h-log">What happens</h2>
      <div id="log" role="log" aria-labelledby="h-log" tabindex="0">${events}</div>
    </section>
    <section aria-labelledby="h-service">
      <h2 id="h-service">Service and sheet</h2>
      <div id="service">${drawn.get('service')}</div>
    </section>`;
}

type At = { readonly time: YardTime; readonly nowMs: number };

function drawNeeds(needs: readonly Need[], at: At): Html {
  if (needs.length === 0) return html`<p class="empty">Nothing. Everybody was served.</p>`;
  return html`<ul class="needs">
    ${needs.map((need) => drawNeed(need, at))}
  </ul>`;
}

function drawNeed(need: Need, { time, nowMs }: At): Html {
  const { rank, kind, about, detail, sinceMs, callId, phone, tries, deed, label, ref } = need;
  const tone = rank <= 1 ? 'bad' : rank <= 5 ? 'warn' : 'plain';
  return html`<li class="need ${tone}">
    <div>
      <p class="what">${badge(tone, kind)} <strong>${about}</strong></p>
      ${detail !== '' && html`<p>${detail}</p>`}
      <p class="quiet">
        ${sinceMs !== null && html`since ${time.short(sinceMs, nowMs)}`}
        ${tries > 1 && html`, called ${tries} times`}
        ${phone !== null && html` <a href="tel:${phone}">${phone}</a>`}
        ${callId !== null && html` <a href="/desk/call?id=${encodeURIComponent(callId)}">the call</a>`}
      </p>
    </div>
    ${deedButton({ deed, ref, label, about, back: '/desk', takesNote: deed === 'called' })}
  </li>`;
}

function drawLive(calls: Awaited<ReturnType<typeof readLiveCalls>>, { time, nowMs }: At): Html {
  return table({
    caption: 'Live calls',
    columns: ['Number', 'State', 'Since', 'Quiet for', 'Last words', 'Machine', 'Takeovers'],
    empty: 'Nobody is on the phone.',
    rows: calls.map((call) => {
      const { callId, startedAtMs, answeredAtMs, lastWords, quietSinceMs, machine } = call;
      const state = answeredAtMs === null ? badge('warn', 'ringing') : badge('good', 'talking');
      return html`<tr>
        <th scope="row">
          <a id="live-${callId}" href="/desk/call?id=${encodeURIComponent(callId)}"
            >${callerText(call.lastDigits)}</a
          >
        </th>
        <td>${state} ${call.isTest && badge('plain', 'test')}</td>
        <td>
          ${time.short(startedAtMs, nowMs)}
          <span class="quiet" data-since="${startedAtMs}"
            >${wholeSeconds(nowMs - startedAtMs)}</span
          >
        </td>
        <td>
          ${
            quietSinceMs !== null &&
            html`<span data-since="${quietSinceMs}">${wholeSeconds(nowMs - quietSinceMs)}</span>`
          }
        </td>
        <td>
          ${lastWords && html`<span class="quiet">${lastWords.who}:</span> ${lastWords.text}`}
        </td>
        <td>${machine}</td>
        <td class="number">${call.takeovers}</td>
      </tr>`;
    }),
  });
}

const alertWords: Readonly<Record<string, string>> = {
  emergency: 'A caller is in an emergency',
  'call-back': 'Callers were told that nobody is free',
  'no-registration': 'LiveKit is not reachable: no call can come in',
  'repeated-takeovers': 'Calls lost their process again and again',
  'booking-pending': 'Bookings wait for the sheet',
  'booking-conflict': 'A booking does not go together with the sheet',
  'sheet-forbidden': 'Google refuses the sheet',
  'sheet-problem': 'Something in the sheet is to be mended',
};

async function drawService(context: DeskContext, service: ServiceState | null): Promise<Html> {
  const store = await context.store();
  const [{ time }, backlog, problems, audits] = await Promise.all([
    context.yard(),
    readBacklog(store),
    readProblems(store),
    readAudits(store, { limit: 10 }),
  ]);
  const nowMs = context.nowMs();
  const findings = context.findings();
  const age = service?.inventoryAgeMs ?? null;
  const facts: readonly (readonly [string, Html | string])[] = [
    [
      'Calls are picked up',
      service === null
        ? badge('bad', 'unknown: the service does not answer')
        : service.ready
          ? badge('good', 'yes')
          : badge('bad', `no: ${service.reason ?? 'starting'}`),
    ],
    ['Processes that are warm', service === null ? '–' : `${service.warmProcesses}`],
    ['The sheet was read', age === null ? 'never' : `${durationText(ageStep(age))} ago at most`],
    [
      'Waits for the sheet',
      backlog.outboxRows === 0
        ? 'nothing'
        : html`${backlog.outboxRows}${
            backlog.outboxSinceMs !== null &&
            html`, since ${time.short(backlog.outboxSinceMs, nowMs)}`
          }`,
    ],
  ];
  return html`${(service?.alerts ?? []).map(
      (alert) => html`<p class="alert">${badge('bad', 'Alert')} ${alertWords[alert] ?? alert}</p>`,
    )}
    ${factList(facts)}
    ${
      findings.length > 0 &&
      html`<h3>To mend on the machine</h3>
        <ul class="plain">
          ${findings.map(
            ({ name, status, detail, advice }) =>
              html`<li>
                ${badge(status === 'fail' ? 'bad' : 'warn', name)} ${detail}. ${advice}.
              </li>`,
          )}
        </ul>`
    }
    <h3>To mend in the sheet</h3>
    ${
      problems.length === 0
        ? html`<p class="empty">Nothing.</p>`
        : html`<ul class="plain">
            ${problems
              .slice(0, 100)
              .map(
                (problem) =>
                  html`<li><strong>${placeOf(problem)}</strong> ${sentenceOf(problem)}</li>`,
              )}
          </ul>`
    }
    <h3>Done at the desk</h3>
    ${
      audits.length === 0
        ? html`<p class="empty">Nothing yet.</p>`
        : html`<ul class="plain">
            ${audits.map(
              ({ atMs, madeBy, action, subject }) =>
                html`<li>${time.short(atMs, nowMs)} ${madeBy}: ${action} (${subject})</li>`,
            )}
          </ul>`
    }`;
}

/** In steps of ten seconds: a page that changes each second is read to its listeners each second. */
function ageStep(ms: number): number {
  return Math.ceil(ms / 10_000) * 10_000;
}

/** As the page's script goes on counting. */
function wholeSeconds(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1_000));
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, '0')} s`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
