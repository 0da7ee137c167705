import { writtenMoney } from '../../../tools/yard/spoken.ts';
import type { Inventory } from '../../../tools/yard/equipment.ts';
import { addDays } from '../../../tools/yard/rental-dates.ts';
import { bookingsByDay } from '../../infra/store/ledger.ts';
import type { StoreQueries } from '../../infra/store/database.ts';
import { html, type Html } from '../html.ts';
import { badge, table } from '../layout.ts';
import { dayOf, type YardTime } from '../yard-time.ts';

const days = 14;
/** Rows of one page of the calendar: a yard with more looks for its machine. */
const mostMachines = 100;
const states = ['pending', 'confirmed', 'conflict', 'cancelled'] as const;
const mostListed = 100;

/** A machine that somebody has on some days. */
type Slot = {
  readonly itemId: string;
  readonly start: string;
  readonly end: string;
  /** The colour: the state of a booking by phone, `counter`, or `unclear`. */
  readonly kind: string;
  readonly text: string;
};

type Asked = {
  /** The calendar's first day. */
  readonly from: string;
  /** A part of a machine's id or name; empty: all. */
  readonly machine: string;
  readonly state: (typeof states)[number] | undefined;
};

/** Reads the address of the page; what it does not say begins with `today`. */
export function askedBookings(query: URLSearchParams, today: string): Asked {
  return {
    from: dayOf(query, 'from') ?? today,
    machine: query.get('machine')?.trim() ?? '',
    state: states.find((state) => state === query.get('state')),
  };
}

/** The body of the page *Bookings*: the fleet by machine and day, and the bookings by state. */
export async function drawBookings(
  store: StoreQueries,
  {
    asked,
    inventory,
    currency,
    time,
    today,
    nowMs,
  }: {
    readonly asked: Asked;
    readonly inventory: Inventory | null;
    readonly currency: string;
    readonly time: YardTime;
    readonly today: string;
    readonly nowMs: number;
  },
): Promise<Html> {
  const { from, machine, state } = asked;
  const to = addDays(from, days - 1);
  const dayList = Array.from({ length: days }, (_, nth) => addDays(from, nth));
  const phone = await bookingsByDay(store, { from, to });
  const bookingIds = new Set(phone.map(({ bookingId }) => bookingId));
  const slots: readonly Slot[] = [
    ...phone.map((row): Slot => ({
      itemId: row.itemId,
      start: row.startDay,
      end: row.endDay,
      kind: row.state,
      text: `${row.bookingId} ${row.customer}`,
    })),
    ...(inventory?.bookings ?? [])
      .filter((row) => row.status !== 'CANCELLED' && !bookingIds.has(row.bookingId))
      .filter((row) => row.start <= to && row.end >= from)
      .map((row): Slot => ({
        itemId: row.itemId,
        start: row.start,
        end: row.end,
        kind: row.status === 'UNCLEAR' ? 'unclear' : 'counter',
        text: row.bookingId === '' ? 'counter' : `${row.bookingId} counter`,
      })),
  ];
  const byItem = Map.groupBy(slots, ({ itemId }) => itemId);
  const known = (inventory?.units ?? []).map(({ itemId, name }) => ({ itemId, name }));
  const listed = new Set(known.map(({ itemId }) => itemId));
  const gone = [...byItem.keys()].filter((itemId) => !listed.has(itemId));
  const wanted = machine.toLowerCase();
  const machines = [
    ...known,
    ...gone.map((itemId) => ({ itemId, name: 'not in the sheet' })),
  ].filter(({ itemId, name }) => `${itemId} ${name}`.toLowerCase().includes(wanted));
  const address = (start: string) =>
    `/desk/bookings?${new URLSearchParams({ from: start, machine }).toString()}`;
  return html`<section aria-labelledby="h-fleet">
      <h2 id="h-fleet">The fleet, ${from} to ${to}</h2>
      <form class="filters" method="get" action="/desk/bookings">
        <div>
          <label for="f-from">From</label>
          <input id="f-from" name="from" type="date" value="${from}" />
        </div>
        <div>
          <label for="f-machine">Machine</label>
          <input id="f-machine" name="machine" value="${machine}" />
        </div>
        <div><button>Show</button></div>
      </form>
      <p class="pager">
        <a href="${address(addDays(from, -days))}">Two weeks before</a>
        <a href="${address(today)}">Today</a>
        <a href="${address(addDays(from, days))}">Two weeks later</a>
      </p>
      ${drawFleet({ machines: machines.slice(0, mostMachines), dayList, byItem, today })}
      ${
        machines.length > mostMachines &&
        html`<p class="quiet">
          ${machines.length - mostMachines} more machines: name one above to see it.
        </p>`
      }
    </section>
    <section aria-labelledby="h-states">
      <h2 id="h-states">By state</h2>
      <p class="pager">
        ${states.map(
          (each) =>
            html`<a
              href="/desk/bookings?${new URLSearchParams({ state: each }).toString()}#h-states"
              ${each === state && html`aria-current="true"`}
              >${each}</a
            >`,
        )}
      </p>
      ${await drawByState(store, state ?? 'pending', { currency, time, nowMs })}
    </section>`;
}

/** The form that makes the calendar's secret address. */
export function calendarSection(): Html {
  return html`<section aria-labelledby="h-calendar">
    <h2 id="h-calendar">In your own calendar</h2>
    <p>
      A secret address for a calendar program: machine and last four digits, no names. A new one
      ends the one before it.
    </p>
    <form method="post" action="/desk/calendar"><button>Make a new address</button></form>
  </section>`;
}

function drawFleet(of: {
  readonly machines: readonly { readonly itemId: string; readonly name: string }[];
  readonly dayList: readonly string[];
  readonly byItem: ReadonlyMap<string, readonly Slot[]>;
  readonly today: string;
}): Html {
  const { machines, dayList, byItem, today } = of;
  if (machines.length === 0) return html`<p class="empty">No machine is like that.</p>`;
  const weekday = new Intl.DateTimeFormat('en-US', { weekday: 'short', timeZone: 'UTC' });
  const isToday = (day: string) => day === today && html`class="today"`;
  return html`<div class="scroll" role="group" aria-label="The fleet by day" tabindex="0">
    <table class="fleet">
      <caption>
        Who has which machine; green by phone, white at the counter
      </caption>
      <thead>
        <tr>
          <th scope="col">Machine</th>
          ${dayList.map(
            (day) =>
              html`<th scope="col" ${isToday(day)}>
                ${weekday.format(Date.parse(day))} ${day.slice(5)}
              </th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${machines.map(
          ({ itemId, name }) =>
            html`<tr>
              <th scope="row">${itemId} <span class="quiet">${name}</span></th>
              ${dayList.map(
                (day) =>
                  html`<td ${isToday(day)}>
                    ${(byItem.get(itemId) ?? [])
                      .filter(({ start, end }) => start <= day && day <= end)
                      .map(({ kind, text }) => html`<span class="slot ${kind}">${text}</span>`)}
                  </td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

async function drawByState(
  { db }: StoreQueries,
  state: (typeof states)[number],
  {
    currency,
    time,
    nowMs,
  }: { readonly currency: string; readonly time: YardTime; readonly nowMs: number },
): Promise<Html> {
  const rows = await db
    .selectFrom('bookings')
    .selectAll()
    .where('state', '=', state)
    .orderBy('endDay', 'desc')
    .limit(mostListed)
    .execute();
  return table({
    caption: `Bookings by phone that are ${state}, the latest ${mostListed}`,
    columns: ['Code', 'State', 'Machine', 'From', 'To', 'Customer', 'Phone', 'Total', 'Changed'],
    empty: `No booking is ${state}.`,
    rows: rows.map(
      (row) =>
        html`<tr>
          <th scope="row">
            <a href="/desk/call?id=${encodeURIComponent(row.callId)}">${row.bookingId}</a>
          </th>
          <td>
            ${badge(state === 'conflict' ? 'bad' : state === 'pending' ? 'warn' : 'plain', state)}
          </td>
          <td>${row.itemId} ${row.itemName}</td>
          <td>${row.startDay}</td>
          <td>${row.endDay}</td>
          <td>${row.customer}</td>
          <td>${row.phone}</td>
          <td class="number">${writtenMoney(row.totalCents, currency)}</td>
          <td>${time.short(row.changedAtMs, nowMs)}</td>
        </tr>`,
    ),
  });
}
