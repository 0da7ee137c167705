import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { listUnreachable } from '../../../tools/yard/snapshot.ts';
import type { Fault } from '../../harness/emulators/faults.ts';
import type { LogLine } from '../../harness/yard/service-log.ts';
import type { Service } from '../../harness/yard/service.ts';
import { exampleSheet } from '../../harness/yard/example-sheet.ts';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { askOnce } from '../talking.ts';

const question = 'Do you have a skid steer?';
const found =
  'The Skid steer is free today, at $250 a day or $900 a week. Which days do you need it?';

const newWords = 'Good morning, what do you need today?';
const newGreeting = `This is the automated assistant. ${newWords}`;

let yard: Yard;
let service: Service;
let endHang = () => {};

before(async () => {
  yard = await Yard.open({
    latencyMs: { stt: 100, llm: 200, tts: 100 },
    env: { NUM_IDLE_PROCESSES: '2', INVENTORY_TTL_MS: '1000', EQUIPMENT_LOAD_MS: '1500' },
  });
  const { sheets, deepgram } = yard;
  sheets.setQuota(null);
  sheets.renameColumn('Equipment', 'Daily rate', 'Shelf');
  endHang = sheets.faults.on('*', { do: 'hang' });
  deepgram.faults.next('speak', { do: 'refuse', status: 503 });
  service = yard.service();
  await service.ready({ warm: 2 });
});

after(async () => {
  await yard[Symbol.asyncDispose]();
});
tellFailures(() => yard);

/** What Google does for a while, and how the log calls it. */
const wrongs: readonly (readonly [Fault, string])[] = [
  [{ do: 'delay', delayMs: 5_000 }, 'SHEETS_TIMEOUT'],
  [{ do: 'refuse', status: 500 }, 'SHEETS_UNAVAILABLE'],
  [{ do: 'refuse', status: 403 }, 'SHEETS_FORBIDDEN'],
];

/** Asks for a machine; resolves with what the caller is told. */
async function ask(): Promise<string> {
  const { answer, row } = await askOnce({ yard, service }, question);
  assert.equal(row?.reason, 'caller-hangup');
  return answer;
}

/** The first line with this event after this moment that matches. */
function next(event: string, matches: (line: LogLine) => boolean = () => true): Promise<LogLine> {
  const seen = new Set(service.lines);
  return service.waitFor(event, (line) => !seen.has(line) && matches(line));
}

const linesOf = (event: string) => service.lines.filter((line) => line.event === event);

const hasCode = (code: string) => (line: LogLine) =>
  (line['error'] as { code?: string } | undefined)?.code === code;

test('without the sheet, and without a voice at first, every call is answered all the same', async () => {
  await service.waitFor('phrase.failed');
  // What is made ahead once the voice is back must not be taken for an answer.
  await service.waitFor('phrase.ready');
  assert.equal(await ask(), listUnreachable.say);
  assert.partialDeepStrictEqual(linesOf('equipment.loaded')[0], {
    items: 0,
    ageMs: null,
    source: 'none',
  });
});

test('what is wrong with the sheet is said in the log', async () => {
  await service.waitFor('inventory.failed', hasCode('SHEETS_TIMEOUT'));
  endHang();
  const missing = await service.waitFor('inventory.failed', hasCode('SHEET_COLUMN_MISSING'));
  assert.match(JSON.stringify(missing['error']), /Daily rate.*Shelf/);
});

test('a sheet without a row is no list, and the call is answered', async () => {
  const rows = yard.sheets.rows('Equipment');
  yard.sheets.removeTab('Equipment');
  yard.sheets.addTab('Equipment', [exampleSheet['Equipment']?.[0] ?? []]);
  await service.waitFor('inventory.failed', hasCode('SHEET_ROWS_UNUSABLE'));
  assert.equal(await ask(), listUnreachable.say);
  assert.equal(linesOf('equipment.loaded').at(-1)?.['source'], 'none');
  yard.sheets.removeTab('Equipment');
  yard.sheets.addTab('Equipment', [exampleSheet['Equipment']?.[0] ?? [], ...rows.slice(1)]);
  await service.waitFor('inventory.refreshed', ({ failures }) => Number(failures) > 0);
});

test('what is changed in the sheet is what the next caller hears', async () => {
  const row = yard.sheets.rows('Yard').findIndex(([key]) => key === 'Greeting') + 1;
  const synthesised = next('phrase.ready', ({ characters }) => characters === newGreeting.length);
  const named = next('inventory.problem');
  yard.sheets.setCell('Equipment', 'D4', 'call us');
  yard.sheets.setCell('Yard', `B${row}`, newWords);
  await synthesised;
  assert.partialDeepStrictEqual(await named, {
    count: 1,
    problems: [{ tab: 'Equipment', row: 4 }],
  });
  const spokenBefore = yard.spoken.length;
  assert.equal(await ask(), found);
  assert.equal(linesOf('call.answered').at(-1)?.['greeting'], 'ready');
  assert.equal(linesOf('equipment.loaded').at(-1)?.['items'], 8, 'one odd cell drops no machine');
  assert.ok(yard.spoken.slice(0, spokenBefore).some(({ text }) => text.includes(newWords)));
  assert.equal(linesOf('inventory.problem').length, 1, 'a row is named once');
});

test('a sheet that is slow, away or closed to us later changes nothing for a caller', async () => {
  for (const [fault, code] of wrongs) {
    const failed = next('inventory.failed', hasCode(code));
    const off = yard.sheets.faults.on('*', fault);
    await failed;
    off();
  }
  yard.sheets.faults.on('*', { do: 'refuse', status: 503 });
  assert.equal(await ask(), found);
});
