import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { openStore } from '../agent/infra/store/database.ts';
import type { Store } from '../agent/infra/store/database.ts';
import type { Call } from './harness/caller/call.ts';
import { slotFillerReply } from './harness/emulators/slot-filler.ts';
import type { Service } from './harness/yard/service.ts';
import type { Yard } from './harness/yard/yard.ts';
import { measuredCall, type CallResult } from './stack/measured-call.ts';
import { agentIsQuiet, isOver, wordsOfAgent } from './stack/spoken-call.ts';

const help = `Type what the caller says, and Enter. The agent hears it as sound.
  /keys 0     presses keys of the phone
  /sheet      shows the yard's machines and bookings as they are now
  /hangup     hangs up (so does the end of the input)
  /help       this
The model is emulated: it knows a yard's calls by rules, and says what it did not understand.`;

/** The agent begins to answer within this, or has nothing to say. */
const answerMs = 15_000;
const lookEveryMs = 200;
/** Half an hour of play, and more. */
const longestCallMs = 7_200_000;

/**
 * Holds a call whose caller says, in a synthetic voice, what a person types. A line that comes from
 * a pipe waits until the agent has said all; typed at a terminal it interrupts, as callers do.
 */
export async function talk(
  { yard, service }: { readonly yard: Yard; readonly service: Service },
  options: {
    readonly input: Readable & { readonly isTTY?: boolean };
    readonly say: (line: string) => void;
    readonly recordTo: string;
  },
): Promise<CallResult> {
  const { input, say, recordTo } = options;
  const { isTTY = false } = input;
  yard.openai.answerWith(slotFillerReply);
  await mkdir(recordTo, { recursive: true });
  await using store = await openStore({ dataDir: yard.env['DATA_DIR'] ?? '' });
  say(help);
  const call = await yard.call({ recordTo, maxCallMs: longestCallMs });
  using answers = tellAnswers(store, call, (words) => say(`agent   ${words}`));
  const reader = createInterface({ input });
  // Lines that come before somebody iterates are lost.
  const lines = reader[Symbol.asyncIterator]();
  const close = () => reader.close();
  void call.ended.then(close, close);
  await agentIsQuiet(call);
  for await (const line of lines) {
    if (isOver(call) || line.trim() === '/hangup') break;
    if (!(await doLine(line.trim(), { yard, call, say, isTTY })) || isTTY) continue;
    await hasAnswered(call);
  }
  close();
  // A reader that was left in the middle keeps the process.
  input.destroy();
  if (!isOver(call)) await call.hangUp();
  await answers.tell();
  return measuredCall({ yard, service }, call);
}

/** Does what a line says; resolves with true when the agent heard something of it. */
async function doLine(
  line: string,
  {
    yard,
    call,
    say,
    isTTY,
  }: { yard: Yard; call: Call; say: (line: string) => void; isTTY: boolean },
): Promise<boolean> {
  const [, command, rest = ''] = /^\/(\w+)\s*(.*)$/.exec(line) ?? [];
  if (line === '') return false;
  if (command === 'keys') {
    for (const key of rest.replaceAll(/[^\d*#]/g, '')) call.sendDtmf(key);
  } else if (command === 'sheet') {
    say(sheetOf(yard));
  } else if (line.startsWith('/')) {
    say(help);
  } else {
    await yard.teach([line]);
    if (!isTTY) say(`caller  ${line}`);
    await call.say(line);
  }
  return command === undefined || command === 'keys';
}

/** Resolves when the agent has answered what was just said, to the end; or had nothing to say. */
async function hasAnswered(call: Call): Promise<void> {
  const before = call.events.length;
  const began = call.waitFor('agent-audio-start', (event) => call.events.indexOf(event) >= before);
  await Promise.race([began, delay(answerMs, undefined, { ref: false })]).catch(() => {});
  await agentIsQuiet(call);
}

/** Tells each answer of the agent's once, when it is said; `tell` tells what is left now. */
function tellAnswers(store: Store, call: Call, say: (words: string) => void) {
  let told = 0;
  const tell = async () => {
    const words = await wordsOfAgent(store, call);
    for (const answer of words.slice(told)) say(answer);
    told = Math.max(told, words.length);
  };
  const timer = setInterval(() => void tell(), lookEveryMs);
  return { tell, [Symbol.dispose]: () => clearInterval(timer) };
}

function sheetOf({ sheets }: Yard): string {
  return ['Equipment', 'Bookings']
    .map((tab) => [`-- ${tab}`, ...sheets.rows(tab).map((row) => row.join(' | '))].join('\n'))
    .join('\n');
}
