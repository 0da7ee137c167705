import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { runCommand } from './harness/command-line.ts';
import type { CallEvent } from './harness/caller/call-events.ts';
import { measuredCall, wentWell } from './stack/measured-call.ts';
import type { CallResult } from './stack/measured-call.ts';
import { bookingScripts, scripts, scriptSteps } from './stack/scripts.ts';
import type { EndBy } from './stack/scripts.ts';
import type { CellValue } from './harness/emulators/sheets-cell.ts';
import { exampleSheetTimes } from './harness/yard/example-sheet.ts';
import type { LogLine } from './harness/yard/service-log.ts';
import type { Service } from './harness/yard/service.ts';
import { Yard } from './harness/yard/yard.ts';

/**
 * `npm run demo`: a caller phones the yard and holds a whole conversation with the real worker on a
 * real livekit-server; only Deepgram, OpenAI and Google are emulated.
 */

const usage = `npm run demo -- [options]
  --calls N           calls one after another (1)
  --together N        calls at the same time (1)
  --end-by WHO        agent or caller (agent)
  --script NAME       ${Object.keys(scripts).join(', ')} (rental)
  --stt-ms N --llm-ms N --tts-ms N   the emulated providers' latencies (250, 400, 250)
  --seed N            draws machine, dates and name (1)
  --out FOLDER        recordings (data/recordings)
  --json              one JSON line a call on stdout, nothing else there`;

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1' },
    together: { type: 'string', default: '1' },
    'end-by': { type: 'string', default: 'agent' },
    script: { type: 'string', default: 'rental' },
    'stt-ms': { type: 'string', default: '250' },
    'llm-ms': { type: 'string', default: '400' },
    'tts-ms': { type: 'string', default: '250' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const number = (name: 'calls' | 'together' | 'stt-ms' | 'llm-ms' | 'tts-ms' | 'seed') => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} must be a whole number`);
  return value;
};

/** In JSON mode stdout is for the results alone. */
const say = (line: string) =>
  void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
const dim = (text: string) => styleText('dim', text);

async function main(): Promise<boolean> {
  const endBy = values['end-by'];
  if (endBy !== 'agent' && endBy !== 'caller') throw new Error('--end-by must be agent or caller');
  const dataDir = process.env['DATA_DIR'] ?? 'data';
  const out = resolve(values.out ?? join(dataDir, 'recordings'));
  const calls = Math.max(number('calls'), 1);
  const together = Math.max(number('together'), 1);
  const books = bookingScripts.includes(values.script);
  const started = performance.now();
  using progress = startProgress();
  await using yard = await Yard.open({
    latencyMs: { stt: number('stt-ms'), llm: number('llm-ms'), tts: number('tts-ms') },
    onProgress: (line) => progress.show(line),
    // Callers who want the same machine on the same days each find one.
    sheet: exampleSheetTimes(calls * together),
    // A burst is picked up without waiting for a fork.
    env: { NUM_IDLE_PROCESSES: String(Math.max(together, 2)), MAX_CALLS: String(together + 1) },
  });
  progress.show('starting Pickup: the supervisor, its worker, the first warm process');
  const service = yard.service({ onLine: (line) => printLogLine(line) });
  await service.ready({ warm: together });
  progress.show('speaking the phrases that are kept ready');
  await service.waitFor('phrase.ready');
  progress.done(`ready after ${((performance.now() - started) / 1_000).toFixed(1)} s`);

  const results: CallResult[] = [];
  for (let round = 0; round < calls; round += 1) {
    const seeds = Array.from({ length: together }, (_, n) => number('seed') + round * together + n);
    const held = await Promise.all(
      seeds.map((seed, n) => holdCall({ yard, service, seed, endBy, books, out, n, together })),
    );
    results.push(...held);
  }
  const exitCode = await service.stop();
  if (!values.json) say(`\n${dim(`the service stopped with exit code ${exitCode}`)}`);
  return exitCode === 0 && results.every((call) => wentWell(call, { endBy, books }));
}

type Holding = {
  readonly yard: Yard;
  readonly service: Service;
  readonly seed: number;
  readonly endBy: EndBy;
  readonly books: boolean;
  readonly out: string;
  readonly n: number;
  readonly together: number;
};

async function holdCall(holding: Holding): Promise<CallResult> {
  const { yard, service, seed, endBy, books, out, n, together } = holding;
  const script = scriptSteps(values.script, { seed, endBy });
  const recordTo = join(out, `${new Date().toISOString().replace(/[:.]/g, '-')}-${seed}`);
  await mkdir(recordTo, { recursive: true });
  const from = `+131255501${String(n).padStart(2, '0')}`;
  const name = together > 1 ? ` ${n + 1}` : '';
  const before = yard.sheets.rows('Bookings');
  const call = await measuredCall(
    { yard, service },
    { script, from, recordTo, onEvent: (event) => printCallEvent(yard, name, event) },
  );
  if (values.json) process.stdout.write(`${JSON.stringify(call)}\n`);
  else {
    const sheet = { before, after: yard.sheets.rows('Bookings') };
    printSummary(call, { sheet, well: wentWell(call, { endBy, books }) });
  }
  return call;
}

let callStartedAtMs = Date.now();
let wordsFrom = 0;

const stamp = () => dim(`${((Date.now() - callStartedAtMs) / 1_000).toFixed(1).padStart(6)} s`);

function printCallEvent(yard: Yard, name: string, event: CallEvent): void {
  switch (event.type) {
    case 'ringing':
      callStartedAtMs = event.epochMs;
      wordsFrom = yard.spoken.length;
      say(`\n${stamp()}  ${dim(`caller${name} dials; it rings`)}`);
      return;
    case 'answered':
      say(`${stamp()}  ${dim(`caller${name} is answered`)}`);
      return;
    case 'saying':
      say(`${stamp()}  ${styleText('cyan', `caller${name}`)}  ${event.line}`);
      wordsFrom = yard.spoken.length;
      return;
    case 'agent-audio-start': {
      const words = yard.spoken.slice(wordsFrom).map(({ text }) => text.trim());
      const spoken = words.join(' ') || dim('(speaks from audio that was ready before the call)');
      say(`${stamp()}  ${styleText('green', `agent${name && ' '}`)}   ${spoken}`);
      return;
    }
    case 'ended':
      say(`${stamp()}  ${dim(`call${name} ended by the ${event.by}`)}`);
      return;
    default:
  }
}

/** Of the service's log, what an operator would look for in a call. */
function printLogLine(line: LogLine): void {
  if (values.json || !line.callId) return;
  const fields: Record<string, readonly string[]> = {
    'room.connected': ['durationMs'],
    'equipment.loaded': ['items', 'ageMs', 'source'],
    'session.started': ['durationMs'],
    'tool.used': ['tool', 'durationMs', 'ok'],
    'call.ended': ['result', 'reason'],
    'call.closed': ['turns', 'latencyP50Ms', 'packetsIn'],
  };
  const shown = fields[line.event];
  if (!shown) return;
  const text = shown.map((field) => `${field} ${JSON.stringify(line[field])}`).join(', ');
  say(`${stamp()}  ${dim(`  ${line.event}: ${text}`)}`);
}

type SheetRows = readonly (readonly CellValue[])[];

function printSummary(
  call: CallResult,
  {
    sheet,
    well,
  }: {
    readonly sheet: { readonly before: SheetRows; readonly after: SheetRows };
    readonly well: boolean;
  },
): void {
  const { booking } = call;
  const latencies = call.turns.map(({ latencyMs }) => (latencyMs === null ? '-' : `${latencyMs}`));
  const rows: [string, string][] = [
    ['ring to answer', `${call.ringToAnswerMs} ms`],
    ['ring to first word', `${call.ringToFirstWordMs} ms`],
    ['answers after', `${latencies.join(', ')} ms`],
    ['longest silence', `${call.longestSilenceMs} ms`],
    ['tools', call.tools.join(', ') || 'none'],
    ['booking', booking ? `${booking.code}: ${booking.itemId}, ${booking.state}` : 'none'],
    ...(booking
      ? [
          sheetLine('sheet before', sheet.before, booking.itemId),
          sheetLine('sheet after', sheet.after, booking.itemId),
        ]
      : []),
    ['ended', `by the ${call.endedBy}: ${call.result} / ${call.reason}`],
    ['job process gone', `${call.exitMs} ms after`],
    ['recording', call.recording ?? 'none'],
  ];
  say('');
  for (const [label, value] of rows) say(`  ${label.padEnd(20)} ${value}`);
  say(
    `  ${well ? styleText('green', 'the call went well') : styleText('red', 'the call did not go well')}`,
  );
  for (const turn of call.turns.filter(({ agent }) => agent === null)) {
    say(`  ${styleText('red', `no answer was heard to: ${turn.caller}`)}`);
  }
}

/** The bookings of a unit as the sheet shows them. */
function sheetLine(label: string, rows: SheetRows, itemId: string): [string, string] {
  const found = rows.filter((row) => row.includes(itemId)).map((row) => row.join(' | '));
  return [label, found.length > 0 ? found.join('\n'.padEnd(24)) : `no booking of ${itemId}`];
}

/** One line on the terminal that says what is being waited for; plain lines where it is no terminal. */
function startProgress() {
  const stream = process.stderr;
  let text = '';
  let frame = 0;
  const draw = () => stream.write(`\r\x1b[K${'|/-\\'[(frame += 1) % 4]} ${text}`);
  const timer = stream.isTTY ? setInterval(draw, 120) : undefined;
  const clear = () => void (stream.isTTY && stream.write('\r\x1b[K'));
  return {
    show(line: string) {
      text = line;
      if (!stream.isTTY) stream.write(`${line}\n`);
    },
    done(line: string) {
      clearInterval(timer);
      clear();
      stream.write(`${line}\n`);
    },
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}

await runCommand({ help: values.help, usage, main, brokenCode: 1 });
