import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { createSheetsClient } from '../../../../tools/sheet/client/sheets-client.ts';
import { SheetsError } from '../../../../tools/sheet/client/sheets-error.ts';
import type { Fault } from '../../../harness/emulators/faults.ts';
import { startSheetsEmulator } from '../../../harness/emulators/sheets.ts';

const SECRET_CELL = 'Jordan Sample';

async function yardSheet(t: TestContext) {
  const emulator = await startSheetsEmulator({
    spreadsheetId: 'yard-1',
    tabs: {
      Equipment: [
        ['Item ID', 'Name', 'Due back'],
        [1001, 'Mini excavator', null],
        ['SL-1', SECRET_CELL],
      ],
      'Staff only': [],
    },
  });
  t.after(() => emulator.close());
  const client = createSheetsClient({
    spreadsheetId: 'yard-1',
    auth: { kind: 'none' },
    baseUrl: emulator.baseUrl,
  });
  return { emulator, client };
}

const soon = () => ({ signal: new AbortController().signal, timeoutMs: 5_000 });

async function failure(request: Promise<unknown>): Promise<SheetsError> {
  const error = await request.then(
    () => assert.fail('the request did not fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SheetsError, inspect(error));
  const everything = inspect(error, { depth: 20, showHidden: true });
  assert.ok(!everything.includes(SECRET_CELL), 'no cell in the error');
  assert.ok(!/authorization|headers/i.test(everything), 'no header in the error');
  return error;
}

test('reads all tabs in one request, values bare', async (t) => {
  const { emulator, client } = await yardSheet(t);
  const { tabs } = await client.readTabs(['Equipment', 'Staff only'], soon());
  assert.deepEqual(tabs.get('Equipment')?.rows, [
    ['Item ID', 'Name', 'Due back'],
    [1001, 'Mini excavator'],
    ['SL-1', SECRET_CELL],
  ]);
  assert.deepEqual(tabs.get('Staff only')?.rows, []);
  assert.deepEqual(
    emulator.requests.map(({ kind, ranges }) => [kind, ...ranges]),
    [['spreadsheets.get', "'Equipment'", "'Staff only'"]],
  );
});

test('a base URL may end in a slash', async (t) => {
  const { emulator } = await yardSheet(t);
  const client = createSheetsClient({
    spreadsheetId: 'yard-1',
    auth: { kind: 'none' },
    baseUrl: `${emulator.baseUrl}/`,
  });
  assert.deepEqual(await client.listTabs(soon()), ['Equipment', 'Staff only']);
});

test('dates come as ISO text, however the sheet shows them', async (t) => {
  const { emulator, client } = await yardSheet(t);
  await fetch(
    `${emulator.baseUrl}/v4/spreadsheets/yard-1/values/Equipment!C2?valueInputOption=USER_ENTERED`,
    { method: 'PUT', body: JSON.stringify({ values: [['12/3/2026']] }) },
  );
  const { tabs } = await client.readTabs(['Equipment'], soon());
  assert.equal(tabs.get('Equipment')?.rows[1]?.[2], '2026-12-03');
});

const refusals: readonly (readonly [Fault, string, boolean])[] = [
  [{ do: 'refuse', status: 401 }, 'SHEETS_BAD_CREDENTIALS', false],
  [{ do: 'refuse', status: 403 }, 'SHEETS_FORBIDDEN', false],
  [{ do: 'refuse', status: 404 }, 'SHEETS_NOT_FOUND', false],
  [{ do: 'refuse', status: 400 }, 'SHEETS_BAD_RANGE', false],
  [{ do: 'refuse', status: 429 }, 'SHEETS_RATE_LIMITED', true],
  [{ do: 'refuse', status: 500 }, 'SHEETS_UNAVAILABLE', true],
  [{ do: 'refuse', status: 503, body: 'no JSON' }, 'SHEETS_UNAVAILABLE', true],
  [{ do: 'drop' }, 'SHEETS_UNAVAILABLE', true],
  [{ do: 'garbage' }, 'SHEETS_UNREADABLE', true],
  [{ do: 'garbage', body: '{"valueRanges":[{"values":[[{}]]}]}' }, 'SHEETS_UNREADABLE', true],
  [{ do: 'garbage', body: '{"spreadsheetId":"yard-1"}' }, 'SHEETS_UNREADABLE', true],
  [{ do: 'garbage', body: '{"valueRanges":[{"range":"Equi' }, 'SHEETS_UNREADABLE', true],
  [{ do: 'truncate', after: 40 }, 'SHEETS_UNAVAILABLE', true],
];

for (const [fault, code, retryable] of refusals) {
  test(`${JSON.stringify(fault)} is ${code}, after one request`, async (t) => {
    const { emulator, client } = await yardSheet(t);
    emulator.faults.on('*', fault);
    const error = await failure(client.readTabs(['Equipment'], soon()));
    assert.equal(error.code, code);
    assert.equal(error.retryable, retryable);
    assert.equal(error.status, fault.do === 'refuse' ? fault.status : null);
    assert.equal(emulator.requests.length, 1);
  });
}

test('an answer that never comes ends at the deadline, after one request', async (t) => {
  const { emulator, client } = await yardSheet(t);
  emulator.faults.on('*', { do: 'hang' });
  const { signal } = new AbortController();
  // Long enough for the request to be there on busy cores.
  const error = await failure(client.readTabs(['Equipment'], { signal, timeoutMs: 1_000 }));
  assert.equal(error.code, 'SHEETS_TIMEOUT');
  assert.equal(emulator.requests.length, 1);
});

test('a body that trickles ends at the deadline too', async (t) => {
  const { emulator, client } = await yardSheet(t);
  emulator.faults.on('*', { do: 'stall', after: 10, everyMs: 20 });
  const { signal } = new AbortController();
  const error = await failure(client.readTabs(['Equipment'], { signal, timeoutMs: 100 }));
  assert.equal(error.code, 'SHEETS_TIMEOUT');
});

test('a request that is called off rejects with the reason', async (t) => {
  const { emulator, client } = await yardSheet(t);
  emulator.faults.on('*', { do: 'hang' });
  const abort = new AbortController();
  const request = client.readTabs(['Equipment'], { signal: abort.signal, timeoutMs: 60_000 });
  const reason = new Error('the yard closes');
  abort.abort(reason);
  await assert.rejects(request, (error) => error === reason);
});

test('a server that is not there is SHEETS_UNAVAILABLE', async (t) => {
  const { emulator, client } = await yardSheet(t);
  await emulator.close();
  const error = await failure(client.readTabs(['Equipment'], soon()));
  assert.equal(error.code, 'SHEETS_UNAVAILABLE');
});

test('only an emulator on loopback is asked without a key', () => {
  for (const baseUrl of [undefined, 'https://sheets.example.com', 'http://10.0.0.1:80']) {
    const options = baseUrl === undefined ? {} : { baseUrl };
    assert.throws(
      () => createSheetsClient({ spreadsheetId: 'yard-1', auth: { kind: 'none' }, ...options }),
      { code: 'SHEETS_BAD_CREDENTIALS' },
    );
  }
});

function create(auth: Parameters<typeof createSheetsClient>[0]['auth']) {
  return createSheetsClient({ spreadsheetId: 'yard-1', auth });
}

test('a key that cannot sign is found out at the first request', async () => {
  const private_key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
  const key = { type: 'service_account', client_email: 'a@b.invalid', private_key };
  const client = create({ kind: 'service-account', json: JSON.stringify(key) });
  const error = await failure(client.readTabs(['Equipment'], soon()));
  assert.equal(error.code, 'SHEETS_BAD_CREDENTIALS');
});

test('takes a key as JSON, as base64 and as a file, and nothing that is no key', async (t) => {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const key = { type: 'service_account', client_email: 'a@b.invalid', private_key: privateKey };
  const folder = await mkdtemp(join(tmpdir(), 'pickup-key-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'key.json');
  await writeFile(path, JSON.stringify(key));
  const json = JSON.stringify(key);
  create({ kind: 'service-account', json });
  create({ kind: 'service-account', json: Buffer.from(json).toString('base64') });
  create({ kind: 'adc-file', path });
  const bad = { code: 'SHEETS_BAD_CREDENTIALS' };
  assert.throws(() => create({ kind: 'adc-file', path: join(folder, 'none.json') }), bad);
  for (const wrong of [{ ...key, type: 'authorized_user' }, { ...key, private_key: '' }, 'junk']) {
    assert.throws(
      () => create({ kind: 'service-account', json: JSON.stringify(wrong) }),
      (error) => {
        assert.ok(error instanceof SheetsError);
        assert.equal(error.code, 'SHEETS_BAD_CREDENTIALS');
        return !inspect(error).includes(privateKey.slice(40, 80));
      },
    );
  }
});
