// The call of the page Call: microphone, room, keys. What is said comes from the store, as it is kept.

// The server serves it from its package under this name.
const client = await import(new URL('livekit-client.js', import.meta.url).href);
const { Room, RoomEvent, Track } = client;

const byId = (id) => document.getElementById(id);
const keys = [...byId('keys').children];
/** RFC 4733: the event codes of the keys. */
const codes = '0123456789*#';
const lookMs = 500;
let room;
let callId;
let isAnswered = false;
let ring;

byId('call').disabled = false;
byId('call').addEventListener('click', () => void call());
byId('hang-up').addEventListener('click', () => void hangUp('You hung up.'));
byId('mute').addEventListener('click', () => void mute());
for (const key of keys) key.addEventListener('click', () => void press(key.dataset.key));

function say(text) {
  byId('state').textContent = text;
}

function isOn(on) {
  byId('call').disabled = on;
  byId('books').disabled = on;
  for (const control of [byId('hang-up'), byId('mute'), ...keys]) control.disabled = !on;
}

async function post(path, fields) {
  const body = new URLSearchParams(fields);
  const response = await fetch(path, { method: 'POST', body });
  if (!response.ok) throw new Error(`The desk answered ${response.status}`);
  return response.json();
}

async function call() {
  isOn(true);
  isAnswered = false;
  byId('words').replaceChildren();
  byId('more').replaceChildren();
  say('The microphone is asked for.');
  const own = new Room();
  room = own;
  try {
    const started = await post('/desk/try', { books: byId('books').checked ? 'yes' : 'no' });
    callId = started.callId;
    own.on(RoomEvent.TrackSubscribed, (track) => {
      if (track.kind !== Track.Kind.Audio) return;
      document.body.append(track.attach());
      void answered();
    });
    own.on(RoomEvent.Disconnected, () => {
      if (room === own) over('The call is over.');
    });
    await own.connect(started.url, started.token);
    await own.localParticipant.setMicrophoneEnabled(true);
    if (!isAnswered) startRinging();
    void follow(callId);
  } catch (error) {
    await hangUp(`There is no call: ${error.message}`);
  }
}

async function answered() {
  if (isAnswered) return;
  isAnswered = true;
  stopRinging();
  say('The agent has answered.');
  await post('/desk/try/answered', { callId }).catch(() => {});
}

async function mute() {
  const isMuted = byId('mute').getAttribute('aria-pressed') !== 'true';
  byId('mute').setAttribute('aria-pressed', String(isMuted));
  await room?.localParticipant.setMicrophoneEnabled(!isMuted);
}

async function press(key) {
  await room?.localParticipant.publishDtmf(codes.indexOf(key), key);
}

async function hangUp(text) {
  const own = room;
  over(text);
  await own?.disconnect();
}

function over(text) {
  room = undefined;
  stopRinging();
  isOn(false);
  byId('mute').setAttribute('aria-pressed', 'false');
  for (const audio of document.querySelectorAll('audio')) audio.remove();
  say(text);
  if (callId === undefined) return;
  const link = document.createElement('a');
  link.href = `/desk/call?id=${encodeURIComponent(callId)}`;
  link.textContent = 'All of this call';
  byId('more').replaceChildren(link);
}

/** Shows what is said until the call is over, and once more after it. */
async function follow(id) {
  // Another call that began meanwhile is followed by itself.
  const isCurrent = () => id === callId;
  let isLast = false;
  while (isCurrent()) {
    isLast = room === undefined;
    try {
      const response = await fetch(`/desk/try/words?id=${encodeURIComponent(id)}`);
      if (response.ok) show(await response.json());
    } catch {
      // The next look comes soon.
    }
    if (isLast) return;
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

function show(lines) {
  const list = byId('words');
  for (const [at, { who, text }] of lines.entries()) {
    const item = list.children[at] ?? list.appendChild(document.createElement('li'));
    const words = `${who === 'agent' ? 'Agent' : 'You'}: ${text}`;
    if (item.textContent !== words) item.textContent = words;
  }
}

/** The ringing tone of North America: 440 and 480 Hz, two seconds of six. */
function startRinging() {
  say('It rings.');
  const context = new AudioContext();
  const gain = context.createGain();
  gain.gain.value = 0;
  gain.connect(context.destination);
  for (const hz of [440, 480]) {
    const tone = context.createOscillator();
    tone.frequency.value = hz;
    tone.connect(gain);
    tone.start();
  }
  for (let at = 0; at < 120; at += 6) {
    gain.gain.setValueAtTime(0.05, context.currentTime + at);
    gain.gain.setValueAtTime(0, context.currentTime + at + 2);
  }
  ring = context;
}

function stopRinging() {
  void ring?.close();
  ring = undefined;
}
