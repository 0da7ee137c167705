import { addDays } from '../../../tools/yard/rental-dates.ts';
import type { Figure, Figures } from '../../infra/store/ledger.ts';
import { html, type Html } from '../html.ts';
import { table } from '../layout.ts';
import { dayOf } from '../yard-time.ts';

const days = 30;
const mostDays = 400;
/** A plot of more days is one of months. */
const mostPoints = 62;

type Asked = {
  readonly from: string;
  readonly to: string;
  readonly per: 'day' | 'month';
  /** The days, or months, that are plotted. */
  readonly periods: readonly string[];
};

/** Reads the days that an address asks for; the last 30 when it asks for none. */
export function askedFigures(query: URLSearchParams, today: string): Asked {
  const to = dayOf(query, 'to') ?? today;
  const from = dayOf(query, 'from') ?? addDays(to, 1 - days);
  const earliest = addDays(to, 1 - mostDays);
  const first = from > to ? to : from < earliest ? earliest : from;
  const per = first < addDays(to, 1 - mostPoints) ? 'month' : 'day';
  const periods = new Set<string>();
  for (let day = first; day <= to; day = addDays(day, 1)) {
    periods.add(per === 'day' ? day : day.slice(0, 7));
  }
  return { from: first, to, per, periods: [...periods] };
}

/** A plot and the table behind it: rows of a label and one number a series. */
type Plot = {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly series: readonly string[];
  readonly rows: readonly {
    readonly label: string;
    readonly values: readonly (number | null)[];
  }[];
};

/** The body of the page *Figures*. */
export function drawFigures(figures: Figures, asked: Asked): Html {
  const { from, to, per } = asked;
  return html`<section aria-labelledby="h-days">
      <h2 id="h-days">${from} to ${to}${per === 'month' && ', by whole months'}</h2>
      <form class="filters" method="get" action="/desk/figures">
        <div>
          <label for="f-from">From</label>
          <input id="f-from" name="from" type="date" value="${from}" />
        </div>
        <div>
          <label for="f-to">To</label>
          <input id="f-to" name="to" type="date" value="${to}" />
        </div>
        <div><button>Show</button></div>
      </form>
    </section>
    ${plotsOf(figures, asked).map(drawPlot)}`;
}

function plotsOf(figures: Figures, { periods, per }: Asked): readonly Plot[] {
  const byPeriod = Map.groupBy(figures.byPeriod, ({ period }) => period);
  const byHour = Map.groupBy(figures.byHour, ({ hour }) => hour);
  const outcomes = (of: readonly Figure[], isWanted: (value: string) => boolean) =>
    sum(of.filter(({ measure, value }) => measure === 'outcome' && isWanted(value)));
  const missed = ['abandoned', 'overflow', 'failed', 'no-audio', 'dropped'];
  const counts = (of: readonly Figure[]) => [
    outcomes(of, () => true),
    outcomes(of, (value) => value === 'answered'),
    outcomes(of, (value) => missed.includes(value)),
  ];
  const perPeriod = (values: (of: readonly Figure[]) => readonly (number | null)[]) =>
    periods.map((label) => ({ label, values: values(byPeriod.get(label) ?? []) }));
  const total = (of: readonly Figure[], measure: string) =>
    of
      .filter((figure) => figure.measure === measure)
      .reduce((all, { value, calls }) => all + Number(value) * calls, 0);
  const callSeries = ['calls', 'answered', 'missed'];
  return [
    {
      id: 'calls',
      title: `Calls a ${per}`,
      unit: 'calls',
      series: callSeries,
      rows: perPeriod(counts),
    },
    {
      id: 'hours',
      title: 'Calls by hour of the day',
      unit: 'calls',
      series: callSeries,
      rows: Array.from({ length: 24 }, (_, hour) => ({
        label: `${String(hour).padStart(2, '0')}:00`,
        values: counts(byHour.get(hour) ?? []),
      })),
    },
    {
      id: 'first-word',
      title: 'Answer to first word, at most',
      unit: 'ms',
      series: ['median', 'p95'],
      rows: perPeriod((of) => [quantile(of, 'first-word', 0.5), quantile(of, 'first-word', 0.95)]),
    },
    {
      id: 'turns',
      title: `Answers: the median and the p95 of the calls of a ${per}, at most`,
      unit: 'ms',
      series: ['median', 'p95'],
      rows: perPeriod((of) => [quantile(of, 'turn-p50', 0.5), quantile(of, 'turn-p95', 0.95)]),
    },
    {
      id: 'takeovers',
      title: `Takeovers a ${per}`,
      unit: 'takeovers',
      series: ['takeovers'],
      rows: perPeriod((of) => [total(of, 'takeovers')]),
    },
    {
      id: 'cost',
      title: `Cost of the calls a ${per}: hearing, model and voice`,
      unit: 'US dollars',
      series: ['cost'],
      rows: perPeriod((of) => [total(of, 'cost') / 100]),
    },
  ];
}

function sum(figures: readonly Figure[]): number {
  return figures.reduce((all, { calls }) => all + calls, 0);
}

/** The upper bound of the span in which that part of the calls lies; null without calls. */
function quantile(figures: readonly Figure[], measure: string, part: number): number | null {
  const spans = figures
    .filter((figure) => figure.measure === measure)
    .map(({ value, calls }) => ({ bound: Number(value), calls }))
    .toSorted((a, b) => a.bound - b.bound);
  let left = spans.reduce((all, { calls }) => all + calls, 0) * part;
  for (const { bound, calls } of spans) {
    left -= calls;
    if (left <= 0) return Number.isFinite(bound) ? bound : null;
  }
  return null;
}

function drawPlot({ id, title, unit, series, rows }: Plot): Html {
  const isEmpty = rows.every(({ values }) => values.every((value) => !value));
  return html`<section aria-labelledby="h-${id}">
    <h2 id="h-${id}">${title}</h2>
    ${
      isEmpty
        ? html`<p class="empty">Nothing was counted in these days.</p>`
        : html`<div class="plot" data-plot="t-${id}" data-unit="${unit}"></div>
            <details id="t-${id}">
              <summary>As a table</summary>
              ${table({
                caption: `${title}, in ${unit}`,
                columns: [id === 'hours' ? 'Hour' : 'When', ...series],
                empty: '',
                rows: rows.map(
                  ({ label, values }) =>
                    html`<tr>
                      <th scope="row">${label}</th>
                      ${values.map((value) => html`<td class="number">${value ?? '–'}</td>`)}
                    </tr>`,
                ),
              })}
            </details>`
    }
  </section>`;
}
