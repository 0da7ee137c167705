import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { styleText } from 'node:util';
import type { Call } from './harness/caller/call.ts';
import type { CallEvent } from './harness/caller/call-events.ts';
import { commandLine, oneOf, runCommand, wholeNumber } from './harness/command-line.ts';
import { measuredCall, wentWell } from './stack/measured-call.ts';
import type { CallResult } from './stack/measured-call.ts';
import { bookingScripts, scripts, scriptSteps } from './stack/scripts.ts';
import type { CellValue } from './harness/emulators/sheets-cell.ts';
import { exampleSheetTimes } from './harness/yard/example-sheet.ts';
import type { LogLine } from './harness/yard/service-log.ts';
import { Yard } from './harness/yard/yard.ts';
import { talk } from './talk.ts';

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
  --talk              you type what the caller says; /help says more
  --out FOLDER        recordings (data/recordings)
  --json              one JSON line a call on stdout, nothing else there`;

const { values } = commandLine({
  usage,
  options: {
    calls: { type: 'string', default: '1' },
    together: { type: 'string', default: '1' },
    'end-by': { type: 'string', default: 'agent' },
    script: { type: 'string', default: 'rental' },
    'stt-ms': { type: 'string', default: '250' },
    'llm-ms': { type: 'string', default: '400' },
    'tts-ms': { type: 'string', default: '250' },
    seed: { type: 'string', default: '1' },
    talk: { type: 'boolean', default: false },
    out: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const number = (
  name: 'calls' | 'together' | 'stt-ms' | 'llm-ms' | 'tts-ms' | 'seed',
  least: number,
) => wholeNumber(name, values[name], least);

/** In JSON mode stdout is for the results alone. */
const say = (line: string) =>
  void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
const dim = (text: string) => styleText('dim', text);

async function main(): Promise<boolean> {
  const endBy = oneOf('end-by', values['end-by'], ['agent', 'caller']);
  const scriptName = oneOf('script', values.script, Object.keys(scripts));
  const [calls, together, firstSeed] = [
    number('calls', 1),
    number('together', 1),
    number('seed', 0),
  ];
  const latencyMs = {
    stt: number('stt-ms', 0),
    llm: number('llm-ms', 0),
    tts: number('tts-ms', 0),
  };
  const out = resolve(values.out ?? join(process.env['DATA_DIR'] ?? 'data', 'recordings'));
  const books = bookingScripts.includes(scriptName);
  const started = performance.now();
  using progress = startProgress();
  await using yard = await Yard.open({
    latencyMs,
    onProgress: (line) => progress.show(line),
    // Callers who want the same machine on the same days each find one.
    sheet: exampleSheetTimes(calls * together),
    // A burst is picked up without waiting for a fork.
    env: { NUM_IDLE_PROCESSES: String(Math.max(together, 2)), MAX_CALLS: String(together + 1) },
  });
  progress.show('starting Pickup: the supervisor, its worker, the first warm process');
  const transcripts = new Map<string, Transcript>();
  const service = yard.service({
    // As for development: on this machine alone, and with the desk.
    command: [process.execPath, 'agent/main.ts', 'dev'],
    onLine: (line) => transcripts.get(line.callId ?? '')?.printLogLine(line),
  });
  await service.ready({ warm: together });
  progress.show('speaking the phrases that are kept ready');
  await service.waitFor('phrase.ready');
  for (const line of service.strays.filter((stray) => stray.includes('/desk/link'))) say(line);
  progress.done(`ready after ${((performance.now() - started) / 1_000).toFixed(1)} s`);

  if (values.talk) {
    const recordTo = join(out, `${new Date().toISOString().replace(/[:.]/g, '-')}-talk`);
    const result = await talk({ yard, service }, { input: process.stdin, say, recordTo });
    if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else say(`\nended by the ${result.endedBy}; recording: ${recordTo}`);
    return (await service.stop()) === 0 && result.answered;
  }

  /** Phones, holds the call to its end, and prints what there is to see of it. */
  async function holdCall(nth: number, seed: number): Promise<CallResult> {
    const recordTo = join(out, `${new Date().toISOString().replace(/[:.]/g, '-')}-${seed}`);
    await mkdir(recordTo, { recursive: true });
    const name = together > 1 ? ` ${nth + 1}` : '';
    const transcript = new Transcript(yard, name);
    const before = yard.sheets.rows('Bookings');
    const call = await yard.call({
      script: scriptSteps(scriptName, { seed, endBy }),
      from: `+131255501${String(nth).padStart(2, '0')}`,
      recordTo,
      // Longer than a pause between two sentences, on cores that several calls share.
      ...(together > 1 && { agentQuietMs: 2_000 }),
      onEvent: (event) => transcript.printEvent(event),
    });
    transcript.call = call;
    transcripts.set(call.callId, transcript);
    const result = await measuredCall({ yard, service }, call);
    if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else {
      const sheet = { before, after: yard.sheets.rows('Bookings') };
      printSummary(result, { name, sheet, well: wentWell(result, { endBy, books }) });
    }
    return result;
  }

  const results: CallResult[] = [];
  for (let round = 0; round < calls; round += 1) {
    const seeds = Array.from({ length: together }, (_, nth) => firstSeed + round * together + nth);
    results.push(...(await Promise.all(seeds.map((seed, nth) => holdCall(nth, seed)))));
  }
  const exitCode = await service.stop();
  if (!values.json) say(`\n${dim(`the service stopped with exit code ${exitCode}`)}`);
  return exitCode === 0 && results.every((call) => wentWell(call, { endBy, books }));
}

/** Of the service's log, what an operator would look for in a call. */
const shownFields: Readonly<Record<string, readonly string[]>> = {
  'room.connected': ['durationMs'],
  'equipment.loaded': ['items', 'ageMs', 'source'],
  'session.started': ['durationMs'],
  'tool.used': ['tool', 'durationMs', 'ok'],
  'call.ended': ['result', 'reason'],
  'call.closed': ['turns', 'latencyP50Ms', 'packetsIn'],
};

/** Prints one call as it happens, on its own clock. */
class Transcript {
  call: Call | undefined;
  readonly #yard: Yard;
  readonly #name: string;
  #startedAtMs = Date.now();
  /** How much of what was synthesised for the call is printed. */
  #shown = 0;
  /** Since the caller last spoke. */
  #hasAnswered = false;

  constructor(yard: Yard, name: string) {
    this.#yard = yard;
    this.#name = name;
  }

  printEvent(event: CallEvent): void {
    const name = this.#name;
    switch (event.type) {
      case 'ringing':
        this.#startedAtMs = event.epochMs;
        return this.#print(dim(`caller${name} dials; it rings`));
      case 'answered':
        return this.#print(dim(`caller${name} is answered`));
      case 'saying':
        this.#hasAnswered = false;
        return this.#print(`${styleText('cyan', `caller${name}`)}  ${event.line}`);
      case 'agent-audio-start':
        return this.#printWords();
      case 'ended':
        this.#printWords();
        return this.#print(dim(`call${name} ended by the ${event.by}`));
      default:
    }
  }

  printLogLine(line: LogLine): void {
    const shown = shownFields[line.event];
    if (values.json || !shown) return;
    const text = shown.map((field) => `${field} ${JSON.stringify(line[field])}`).join(', ');
    this.#print(dim(`  ${line.event}${this.#name && ` (call${this.#name})`}: ${text}`));
  }

  /** What the agent says now: after a pause within an answer, nothing that was not printed. */
  #printWords(): void {
    const spoken = this.call ? this.#yard.of(this.call, this.#yard.spoken) : [];
    const words = spoken.slice(this.#shown).map(({ text }) => text.trim());
    this.#shown = spoken.length;
    if (words.length === 0 && this.#hasAnswered) return;
    this.#hasAnswered = true;
    const text = words.join(' ') || dim('(speaks from audio that was ready before the call)');
    this.#print(`${styleText('green', `agent${this.#name}`)}   ${text}`);
  }

  #print(text: string): void {
    const seconds = (Date.now() - this.#startedAtMs) / 1_000;
    say(`${dim(`${seconds.toFixed(1).padStart(6)} s`)}  ${text}`);
  }
}

type SheetRows = readonly (readonly CellValue[])[];

function printSummary(
  call: CallResult,
  {
    name,
    sheet,
    well,
  }: {
    readonly name: string;
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
  say(`\n${name && `  call${name}`}`);
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

await runCommand(main);
