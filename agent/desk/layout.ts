import { html, type Html, type Part } from './html.ts';

/** The pages that the navigation names. */
const tabs = [
  ['now', '/desk', 'Now'],
  ['calls', '/desk/calls', 'Calls'],
  ['bookings', '/desk/bookings', 'Bookings'],
  ['figures', '/desk/figures', 'Figures'],
  ['try', '/desk/try', 'Call'],
] as const;

/** The page of the navigation that is open. */
export type Tab = (typeof tabs)[number][0];

/** A whole page: `tab` is marked in the navigation; null on pages before one has signed in. */
export function page(of: {
  readonly title: string;
  readonly tab: Tab | null;
  readonly yard: string;
  /** Who has signed in. */
  readonly who?: string | undefined;
  readonly zone?: string | undefined;
  readonly main: Part;
  /** Scripts of `/desk/assets` that the page loads; it works without them. */
  readonly scripts?: readonly string[];
  /** Styles of `/desk/assets` beside the desk's own. */
  readonly styles?: readonly string[];
  /** Without script the page is fetched anew so often, in seconds. */
  readonly refreshS?: number | undefined;
}): Html {
  const { title, tab, yard, who, zone, main, scripts = [], styles = [], refreshS } = of;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} – ${yard}</title>
        <link rel="icon" href="/desk/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/desk/assets/desk.css" />
        ${styles.map((name) => html`<link rel="stylesheet" href="/desk/assets/${name}" />`)}
        ${refreshS !== undefined && html`<noscript><meta http-equiv="refresh" content="${refreshS}" /></noscript>`}
        ${scripts.map((name) => html`<script type="module" src="/desk/assets/${name}"></script>`)}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the page</a>
        <header class="top">
          <p class="yard">${yard}</p>
          ${
            tab !== null &&
            html`<nav aria-label="Pages">
                <ul>
                  ${tabs.map(
                    ([name, href, text]) =>
                      html`<li>
                        <a href="${href}" ${name === tab && html` aria-current="page"`}>${text}</a>
                      </li>`,
                  )}
                </ul>
              </nav>
              <form class="account" method="post" action="/desk/sign-out">
                <span>${who}</span> <button class="quiet">Sign out</button>
              </form>`
          }
        </header>
        <main id="main" tabindex="-1">
          <h1>${title}</h1>
          ${main}
        </main>
        ${zone !== undefined && html`<footer><p>Times are the yard's, ${zone}.</p></footer>`}
      </body>
    </html> `;
}

/** A table with its caption and a way to scroll it by keyboard where it is too wide. */
export function table(of: {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly Html[];
  /** Said in place of a table without rows. */
  readonly empty: string;
}): Html {
  const { caption, columns, rows, empty } = of;
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  return html`<div class="scroll" role="group" aria-label="${caption}" tabindex="0">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** A small label in words and in colour. */
export function badge(tone: 'good' | 'bad' | 'warn' | 'plain', text: string): Html {
  return html`<span class="badge ${tone}">${text}</span>`;
}

/** A button in a form of its own that does one thing and comes back to this page. */
export function deedButton(of: {
  readonly deed: string;
  readonly ref: string;
  readonly label: string;
  /** The thing that the button is about, for those who hear the page. */
  readonly about: string;
  readonly back: string;
  readonly takesNote?: boolean;
}): Html {
  const { deed, ref, label, about, back, takesNote = false } = of;
  return html`<form class="deed" method="post" action="/desk/settle">
    <input type="hidden" name="deed" value="${deed}" /><input
      type="hidden"
      name="ref"
      value="${ref}"
    />
    <input type="hidden" name="back" value="${back}" />
    ${takesNote && html`<input name="note" maxlength="300" placeholder="Note" aria-label="Note on ${about}" />`}
    <button aria-label="${label}: ${about}">${label}</button>
  </form>`;
}

/** Names with their values, beside each other where there is room. */
export function factList(facts: readonly (readonly [string, Part])[]): Html {
  return html`<dl class="facts">
    ${facts.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** A caller by the last four digits of their number. */
export function callerText(lastDigits: string | null, withheld = 'withheld'): string {
  return lastDigits === null ? withheld : `…${lastDigits}`;
}
