// Keeps the page Now as the server draws it. Without this file the page is fetched anew instead.
const link = document.getElementById('link');
const log = document.getElementById('log');
const pause = document.getElementById('pause');
/** Lines of the log that stay on the page. */
const mostLines = 200;
let lastId = Number(link.dataset.live);
let source;
let waitMs = 1_000;
let isPaused = false;
/** Changes that came while paused, newest of each region. */
const held = new Map();
const heldLines = [];

function connect() {
  source = new EventSource(`/desk/live?after=${lastId}`);
  source.addEventListener('open', () => {
    waitMs = 1_000;
    say(isPaused ? 'Updates are paused.' : 'Live.');
  });
  source.addEventListener('error', () => {
    say('The connection is lost; it is tried again.');
    // A browser gives up on an answer that is no stream, as while the desk starts anew.
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(connect, waitMs);
    waitMs = Math.min(waitMs * 2, 15_000);
  });
  source.addEventListener('region', ({ data }) => {
    const { region, html } = JSON.parse(data);
    if (isPaused) held.set(region, html);
    else replace(region, html);
  });
  source.addEventListener('log', ({ data, lastEventId }) => {
    lastId = Number(lastEventId);
    heldLines.push(JSON.parse(data).html);
    if (!isPaused) tell();
  });
  source.addEventListener('signed-out', () => {
    source.close();
    location.assign('/desk/sign-in');
  });
}

function tell() {
  const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
  for (const html of heldLines.splice(0)) log.insertAdjacentHTML('beforeend', html);
  while (log.childElementCount > mostLines) log.firstElementChild.remove();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

/** A person who types or stands in a region is not disturbed: it waits until they leave. */
function replace(region, html) {
  const element = document.getElementById(region);
  const focused = document.activeElement;
  if (element.contains(focused)) {
    if (focused.id === '') {
      held.set(region, html);
      element.addEventListener('focusout', () => setTimeout(release), { once: true });
      return;
    }
    element.innerHTML = html;
    document.getElementById(focused.id)?.focus();
    return;
  }
  element.innerHTML = html;
}

function release() {
  if (isPaused) return;
  const waiting = [...held];
  held.clear();
  for (const [region, html] of waiting) replace(region, html);
  tell();
}

function say(text) {
  if (link.textContent !== text) link.textContent = text;
}

pause.hidden = false;
pause.addEventListener('click', () => {
  isPaused = !isPaused;
  pause.setAttribute('aria-pressed', String(isPaused));
  say(isPaused ? 'Updates are paused.' : 'Live.');
  release();
});

setInterval(() => {
  if (isPaused) return;
  for (const element of document.querySelectorAll('[data-since]')) {
    const s = Math.max(0, Math.floor((Date.now() - Number(element.dataset.since)) / 1_000));
    element.textContent =
      s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, '0')} s`;
  }
}, 1_000);

log.scrollTop = log.scrollHeight;
connect();
