import { html, type Html } from '../html.ts';

const keys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

/** The page from which one calls the agent, by microphone; a script does the call. */
export function drawTry(): Html {
  return html`<section>
      <p>
        You speak with the agent as a caller does, through this browser's microphone. The call is
        marked as a test, and has no number.
      </p>
      <p>
        <label>
          <input type="checkbox" id="books" />
          What I book is real: it goes into the sheet
        </label>
      </p>
      <p class="row">
        <button id="call" disabled>Call the agent</button>
        <button id="mute" class="quiet" aria-pressed="false" disabled>Mute</button>
        <button id="hang-up" disabled>Hang up</button>
      </p>
      <p id="state" role="status">Nobody is called yet.</p>
      <noscript><p>A call from the browser takes scripts, which are off.</p></noscript>
    </section>
    <section aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <p class="row" id="keys">
        ${keys.map((key) => html`<button class="quiet" data-key="${key}" disabled>${key}</button>`)}
      </p>
    </section>
    <section aria-labelledby="words-title">
      <h2 id="words-title">What is said</h2>
      <div role="log" aria-label="What is said" tabindex="0"><ol id="words"></ol></div>
      <p id="more"></p>
    </section>`;
}
