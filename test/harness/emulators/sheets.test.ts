import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { sheets } from 'googleapis/build/src/apis/sheets/index.js';
import { z } from 'zod';
import { startSheetsEmulator } from './sheets.ts';

const once = { retry: false } as const;

/** An emulated spreadsheet. */
async function spreadsheet(
  t: TestContext,
  tabs: Parameters<typeof startSheetsEmulator>[0]['tabs'] = {
    Equipment: [
      ['Item ID', 'Name', 'Daily rate'],
      ['EX-1', 'Mini excavator', 275],
      ['SL-1', 'Scissor lift', 140],
    ],
    'Due soon': [['Item ID']],
  },
) {
  const emulator = await startSheetsEmulator({ spreadsheetId: 'yard-1', tabs });
  t.after(() => emulator.close());
  return { emulator };
}

/** Google's own client for it. */
function google(emulator: { baseUrl: string }) {
  return sheets({ version: 'v4', rootUrl: `${emulator.baseUrl}/` }).spreadsheets;
}

/** The status and body of a request that must be refused. */
async function refusal(request: Promise<unknown>) {
  const error = await request.then(
    () => assert.fail('the request was not refused'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error && 'status' in error && 'response' in error);
  return { httpStatus: error.status, ...refusalSchema.parse(error.response).data.error };
}

const refusalSchema = z.object({
  data: z.object({
    error: z.object({ code: z.number(), message: z.string(), status: z.string() }),
  }),
});

test('reads a range, with trailing empty cells and rows left out', async (t) => {
  const { emulator } = await spreadsheet(t, {
    Tools: [['a', 'b', null], [null, 'c'], [], ['d', '', ''], [null, null]],
  });
  const { data } = await google(emulator).values.get({
    spreadsheetId: 'yard-1',
    range: 'Tools!A1:C',
  });
  assert.deepEqual(data, {
    range: 'Tools!A1:C1000',
    majorDimension: 'ROWS',
    values: [['a', 'b'], ['', 'c'], [], ['d']],
  });
});

test('an empty range has no values at all', async (t) => {
  const { emulator } = await spreadsheet(t);
  const { data } = await google(emulator).values.get({
    spreadsheetId: 'yard-1',
    range: "'Due soon'!B2:C9",
  });
  assert.deepEqual(data, { range: "'Due soon'!B2:C9", majorDimension: 'ROWS' });
});

test('reads several ranges in one request, by rows or by columns', async (t) => {
  const { emulator } = await spreadsheet(t);
  const { data } = await google(emulator).values.batchGet({
    spreadsheetId: 'yard-1',
    ranges: ["'Equipment'", 'equipment!A1:B2'],
    majorDimension: 'COLUMNS',
  });
  assert.deepEqual(data.valueRanges?.[0]?.values?.[0], ['Item ID', 'EX-1', 'SL-1']);
  assert.deepEqual(data.valueRanges?.[1]?.values, [
    ['Item ID', 'EX-1'],
    ['Name', 'Mini excavator'],
  ]);
  assert.equal(emulator.requests.length, 1);
});

test('what a person types is parsed, what is RAW stays text', async (t) => {
  const { emulator } = await spreadsheet(t, { Log: [] });
  const typed = ['=1+1', '+15550100', '12/3/2026', '$1,250.00', "'=text", '2026-02-30', '50%'];
  const write = (valueInputOption: string, range: string) =>
    google(emulator).values.update({
      spreadsheetId: 'yard-1',
      range,
      valueInputOption,
      requestBody: { values: [typed] },
    });
  await write('USER_ENTERED', 'Log!A1');
  await write('RAW', 'Log!A2');
  assert.deepEqual(emulator.rows('Log'), [
    ['#NAME?', 15550100, 46359, 1250, '=text', '2026-02-30', 0.5],
    typed,
  ]);
  assert.ok(emulator.isFormula('Log', 'A1'));
  assert.ok(!emulator.isFormula('Log', 'A2'));
});

test('values are shown, bare, or as formulas, and dates as text on request', async (t) => {
  const { emulator } = await spreadsheet(t, { Log: [] });
  const { values } = google(emulator);
  await values.update({
    spreadsheetId: 'yard-1',
    range: 'Log!A1',
    valueInputOption: 'USER_ENTERED',
    requestBody: { values: [['$1,250.00', '12/3/2026', '=A1', 'TRUE']] },
  });
  const read = async (valueRenderOption: string, dateTimeRenderOption?: string) => {
    const { data } = await values.get({
      spreadsheetId: 'yard-1',
      range: 'Log!1:1',
      valueRenderOption,
      ...(dateTimeRenderOption ? { dateTimeRenderOption } : {}),
    });
    return data.values?.[0];
  };
  assert.deepEqual(await read('FORMATTED_VALUE'), ['$1,250.00', '12/3/2026', '#NAME?', 'TRUE']);
  assert.deepEqual(await read('UNFORMATTED_VALUE'), [1250, 46359, '#NAME?', true]);
  assert.deepEqual(await read('UNFORMATTED_VALUE', 'FORMATTED_STRING'), [
    1250,
    '12/3/2026',
    '#NAME?',
    true,
  ]);
  assert.deepEqual(await read('FORMULA'), [1250, 46359, '=A1', true]);
});

test('append goes below the last table, at its first column', async (t) => {
  const { emulator } = await spreadsheet(t, {
    Bookings: [[null, 'note'], [], [null, 'id', 'item'], [null, 'b1', 'EX-1']],
  });
  const { data } = await google(emulator).values.append({
    spreadsheetId: 'yard-1',
    range: 'Bookings!A1:F',
    valueInputOption: 'RAW',
    insertDataOption: 'INSERT_ROWS',
    requestBody: { values: [['b2', 'SL-1']] },
  });
  assert.equal(data.tableRange, 'Bookings!B3:C4');
  assert.deepEqual(data.updates, {
    spreadsheetId: 'yard-1',
    updatedRange: 'Bookings!B5:C5',
    updatedRows: 1,
    updatedColumns: 2,
    updatedCells: 2,
  });
  assert.deepEqual(emulator.rows('Bookings')[4], [null, 'b2', 'SL-1']);
});

test('several ranges are written together or not at all', async (t) => {
  const { emulator } = await spreadsheet(t);
  const write = (second: string) =>
    google(emulator).values.batchUpdate(
      {
        spreadsheetId: 'yard-1',
        requestBody: {
          valueInputOption: 'RAW',
          data: [
            { range: 'Equipment!C2', values: [[300]] },
            { range: second, values: [[150]] },
          ],
        },
      },
      once,
    );
  assert.equal((await refusal(write('Nowhere!A1'))).httpStatus, 400);
  assert.equal(emulator.rows('Equipment')[1]?.[2], 275);
  const { data } = await write('Equipment!C3');
  assert.equal(data.totalUpdatedCells, 2);
  assert.equal(emulator.rows('Equipment')[1]?.[2], 300);
});

test('null leaves a cell alone, an empty string empties it, and a range is a fence', async (t) => {
  const { emulator } = await spreadsheet(t);
  const update = (range: string, values: unknown[][]) =>
    google(emulator).values.update(
      { spreadsheetId: 'yard-1', range, valueInputOption: 'RAW', requestBody: { values } },
      once,
    );
  await update('Equipment!A2:C2', [[null, '', 280]]);
  assert.deepEqual(emulator.rows('Equipment')[1], ['EX-1', null, 280]);
  assert.match(
    (await refusal(update('Equipment!A2:B2', [['a', 'b', 'c']]))).message,
    /tried writing to column \[C\]/,
  );
});

test('structural requests are applied together or not at all', async (t) => {
  const { emulator } = await spreadsheet(t);
  const change = (requests: object[]) =>
    google(emulator).batchUpdate({ spreadsheetId: 'yard-1', requestBody: { requests } }, once);
  const addLog = { addSheet: { properties: { title: 'Log', sheetId: 7 } } };
  const refused = await refusal(change([addLog, { deleteSheet: { sheetId: 99 } }]));
  assert.equal(refused.message, 'No sheet with id: 99');
  const cell = { userEnteredValue: { stringValue: '=literally' } };
  await change([
    addLog,
    { appendCells: { sheetId: 7, rows: [{ values: [cell] }], fields: 'userEnteredValue' } },
    { deleteDimension: { range: { sheetId: 0, dimension: 'ROWS', startIndex: 1, endIndex: 2 } } },
  ]);
  assert.deepEqual(emulator.rows('Log'), [['=literally']]);
  assert.deepEqual(emulator.rows('Equipment')[1]?.[0], 'SL-1');
  assert.match((await refusal(change([{ nonsense: {} }]))).message, /Unknown name "nonsense"/);
});

test('lists its tabs, cut down to a field mask', async (t) => {
  const { emulator } = await spreadsheet(t);
  const { data } = await google(emulator).get({
    spreadsheetId: 'yard-1',
    fields: 'sheets.properties.title,spreadsheetId',
  });
  assert.deepEqual(data, {
    sheets: [{ properties: { title: 'Equipment' } }, { properties: { title: 'Due soon' } }],
    spreadsheetId: 'yard-1',
  });
});

test('refuses in Google’s words', async (t) => {
  const { emulator } = await spreadsheet(t);
  const get = (spreadsheetId: string, range: string, more: object = {}) =>
    google(emulator).values.get({ spreadsheetId, range, ...more }, once);
  assert.deepEqual(await refusal(get('yard-1', 'Nope!A1:C')), {
    httpStatus: 400,
    code: 400,
    message: 'Unable to parse range: Nope!A1:C',
    status: 'INVALID_ARGUMENT',
  });
  assert.deepEqual(await refusal(get('other', 'Equipment')), {
    httpStatus: 404,
    code: 404,
    message: 'Requested entity was not found.',
    status: 'NOT_FOUND',
  });
  const unknown = await refusal(get('yard-1', 'Equipment', { renderOption: 'x' }));
  assert.match(unknown.message, /Unknown name "renderOption": Cannot bind query parameter/);
  const bad = await refusal(get('yard-1', 'Equipment', { valueRenderOption: 'PRETTY' }));
  assert.match(bad.message, /Invalid value at 'valueRenderOption'/);
  emulator.setSharing('none');
  assert.deepEqual(await refusal(get('yard-1', 'Equipment')), {
    httpStatus: 403,
    code: 403,
    message: 'The caller does not have permission',
    status: 'PERMISSION_DENIED',
  });
});

test('a viewer reads and does not write; a write must say how it is meant', async (t) => {
  const { emulator } = await spreadsheet(t);
  const { values } = google(emulator);
  const append = (more: object) =>
    values.append(
      { spreadsheetId: 'yard-1', range: 'Equipment', requestBody: { values: [['x']] }, ...more },
      once,
    );
  const vague = await refusal(append({}));
  assert.equal(vague.message, "'valueInputOption' is required but not specified");
  emulator.setSharing('viewer');
  assert.equal((await refusal(append({ valueInputOption: 'RAW' }))).httpStatus, 403);
  await values.get({ spreadsheetId: 'yard-1', range: 'Equipment' });
});

test('counts reads and writes against a quota each', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 0 });
  const { emulator } = await spreadsheet(t);
  emulator.setQuota({ readsPerMinute: 2, writesPerMinute: 1 });
  const read = () =>
    google(emulator).values.get({ spreadsheetId: 'yard-1', range: 'Equipment' }, once);
  const write = () =>
    google(emulator).values.clear({ spreadsheetId: 'yard-1', range: 'Equipment!C3' }, once);
  await read();
  await read();
  await write();
  const refused = await refusal(read());
  assert.equal(refused.httpStatus, 429);
  assert.equal(refused.status, 'RESOURCE_EXHAUSTED');
  assert.match(refused.message, /^Quota exceeded for quota metric 'Read requests'/);
  assert.match((await refusal(write())).message, /'Write requests'/);
  t.mock.timers.setTime(60_000);
  await read();
});

test('a write can take effect and its answer be lost', async (t) => {
  const { emulator } = await spreadsheet(t);
  emulator.faults.next('values.append', { do: 'drop', applied: true });
  await assert.rejects(
    google(emulator).values.append(
      {
        spreadsheetId: 'yard-1',
        range: 'Equipment',
        valueInputOption: 'RAW',
        requestBody: { values: [['GN-1']] },
      },
      once,
    ),
  );
  assert.equal(emulator.rows('Equipment')[3]?.[0], 'GN-1');
});

test('staff edit while requests come in', async (t) => {
  const { emulator } = await spreadsheet(t);
  emulator.insertRow('Equipment', 2, ['GN-1', 'Generator', 90]);
  emulator.setCell('Equipment', 'C2', 95);
  emulator.renameColumn('Equipment', 'Daily rate', 'Day price');
  emulator.sortBy('Equipment', 'Name', 'descending');
  emulator.deleteRow('Equipment', 3);
  emulator.removeTab('Due soon');
  assert.deepEqual(emulator.rows('Equipment'), [
    ['Item ID', 'Name', 'Day price'],
    ['SL-1', 'Scissor lift', 140],
    ['GN-1', 'Generator', 95],
  ]);
});

test('a path that Google does not have is its page of 404', async (t) => {
  const { emulator } = await spreadsheet(t);
  const response = await fetch(`${emulator.baseUrl}/v4/sheets/yard-1`);
  assert.equal(response.status, 404);
  assert.match(await response.text(), /^<!DOCTYPE html>/);
  assert.equal(emulator.requests.at(-1)?.kind, 'unknown');
});
