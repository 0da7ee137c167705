import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import * as fc from 'fast-check';
import { createLog, maskPhones, type Lines, type LogFields } from '../../../agent/infra/log.ts';

type Line = Record<string, unknown>;

/** A logger that keeps its lines. */
function memoryLog(options: { level?: 'debug' | 'info'; secrets?: readonly string[] } = {}) {
  const texts: string[] = [];
  const log = createLog({
    level: options.level ?? 'info',
    secrets: options.secrets ?? [],
    write: (line) => void texts.push(line),
  });
  const lines = () => texts.map((line) => JSON.parse(line) as Line);
  return { log, texts, lines };
}

/** What a line holds when these fields are logged. */
function logged(fields: Omit<LogFields, 'event'>, secrets: readonly string[] = []): Line {
  const { log, lines } = memoryLog({ secrets });
  log.info({ event: 'call.state', ...fields }, 'call moved on');
  const [line] = lines();
  assert.ok(line);
  return line;
}

test('a line is one JSON object with level, message, time and event', () => {
  const { log, texts } = memoryLog();
  log.warn({ event: 'store.failed', durationMs: 12 }, 'store failed\nbadly');
  assert.equal(texts.length, 1);
  assert.match(texts[0] ?? '', /^[^\n]+\n$/);
  const line = JSON.parse(texts[0] ?? '') as Line;
  assert.deepEqual(Object.keys(line), ['level', 'time', 'event', 'durationMs', 'message']);
  assert.equal(line['level'], 'warn');
  assert.equal(new Date(String(line['time'])).toISOString(), line['time']);
});

test('lines below the level are left out', () => {
  const { log, lines } = memoryLog({ level: 'info' });
  log.debug({ event: 'call.state' }, 'call moved on');
  assert.deepEqual(lines(), []);
});

test('a child’s fields are on every line of it, masked too', () => {
  const { log, lines } = memoryLog();
  const child = log.child({ callId: 'SCL_abc', room: 'call_+15550111_x' });
  child.info({ event: 'call.incoming' }, 'call incoming');
  assert.equal(lines()[0]?.['callId'], 'SCL_abc');
  assert.equal(lines()[0]?.['room'], 'call_***0111_x');
});

const masked: Record<string, string> = {
  'sip_+15550111': 'sip_***0111',
  'Phone +15550111': 'Phone ***0111',
  'call_+15550111_K3': 'call_***0111_K3',
  'call 555-123-4567 back': 'call ***4567 back',
  '(555) 123-4567': '***4567',
  '+1 555 123 4567': '***4567',
  '(312)555-0142': '***0142',
  '+44 20 7946 0958': '***0958',
  '020 7946 0958': '***0958',
  '07700 900123 rang': '***0123 rang',
  '3 1 2 5 5 5 0 1 4 2': '***0142',
  'from 312\u00a0555\u00a00142, 312 555 0143': 'from ***0142, ***0143',
  '+13125550142 312-555-0143': '***0142 ***0143',
  sip_alice: 'sip_***',
  'sip_bob.smith99 left': 'sip_*** left',
  'room call_alice.smith_K3xYz0123aB4 is gone': 'room call_***_K3xYz0123aB4 is gone',
  'room call_+13125550142_K3xYz0123aB4': 'room call_***0142_K3xYz0123aB4',
  'sip:alice@10.0.0.7:5060': 'sip:***@10.0.0.7:5060',
  'sip:+13125550142@pbx.example': 'sip:***0142@pbx.example',
};
for (const [from, to] of Object.entries(masked)) {
  test(`${from} is shown as ${to}`, () => assert.equal(maskPhones(from), to));
}

const harmlessTexts = [
  '2026-11-22T20:38:02.123Z',
  '2026-11-22 20:38:02 to 2026-11-23 07:00',
  '20261122T203802Z',
  '11/22/2026',
  '1764547200000',
  '1764547200',
  '127.0.0.1:7880',
  '192.168.100.200',
  'EX-1001',
  'EX-1001-2002',
  '2026-11-22',
  '$1,250.00 or 1234567.89',
  '$1250000',
  'took 12345.678 ms',
  '1d2cddbb-1234-4567-8901-123456789012',
  'SCL_KZNmNXPrafuJ',
  'agent-AJ_KZNmNXPrafuJ',
  'RECONNECT_MAX_ATTEMPTS, GOOGLE_SERVICE_CREDENTIALSX',
  'livekit 1.13.11, node 24.21.0',
  'sip:pbx.example:5060',
  '3 of 8 calls in 1200 ms',
];
for (const harmless of harmlessTexts) {
  test(`${harmless} stays as it is`, () => assert.equal(maskPhones(harmless), harmless));
}

test('no telephone number gets out whole, wherever it stands', () => {
  const digits = fc.stringMatching(/^[2-9]\d{9}$/);
  const around = fc.stringMatching(/^[a-z _:]{0,8}$/);
  fc.assert(
    fc.property(digits, around, around, (number, before, after) => {
      const value = `${before}+1${number}${after}`;
      const error = new Error(value, { cause: new Error(value) });
      const line = logged({ value, deep: { list: [{ value }] }, error });
      assert.ok(!JSON.stringify(line).includes(number));
      assert.ok(JSON.stringify(line).includes(number.slice(-4)));
    }),
  );
});

test('no number gets out whole, in whatever groups a person writes it', () => {
  const gap = fc.constantFrom(' ', '-', '.', '', ' - ', '\u00a0', ') ', '/');
  const number = fc
    .tuple(fc.constantFrom('+', '+1 ', '(', '0', ''), fc.stringMatching(/^[2-9]\d{9}$/))
    .chain(([lead, digits]) =>
      fc.array(gap, { minLength: 3, maxLength: 3 }).map((gaps) => ({
        digits,
        written: `${lead}${digits.slice(0, 3)}${gaps[0]}${digits.slice(3, 6)}${gaps[1]}${digits.slice(6, 8)}${gaps[2]}${digits.slice(8)}`,
      })),
    );
  fc.assert(
    fc.property(
      number,
      fc.constantFrom('', 'call ', 'tel:', '"'),
      ({ digits, written }, before) => {
        const text = maskPhones(`${before}${written} now`);
        assert.ok(!text.replaceAll(/\D/g, '').includes(digits), text);
        assert.ok(text.includes(digits.slice(-4)), text);
      },
    ),
  );
});

test('personal data stays, under keys that say so', () => {
  const line = logged({ 'pii.phone': '+15550111', caller: { 'pii.name': 'Jordan 5550111' } });
  assert.equal(line['pii.phone'], '+15550111');
  assert.deepEqual(line['caller'], { 'pii.name': 'Jordan 5550111' });
});

test('no secret gets out, in a field, an error or a part of another secret', () => {
  const secrets = ['hunter2', 'hunter2-the-longer-one', 'postgres://u:hunter2@db/x'];
  fc.assert(
    fc.property(fc.constantFrom(...secrets), fc.string(), (secret, around) => {
      const value = `${around}${secret}${around}`;
      const line = logged({ value, list: [value], error: new Error(value) }, secrets);
      const all = JSON.stringify(line);
      assert.ok(!all.includes('hunter2') && !all.includes('longer-one'), all);
    }),
  );
});

test('of an error only what says what went wrong is shown', () => {
  const cause = Object.assign(new Error('row (Jordan)'), { code: 'E_ROW', detail: 'Jordan' });
  const error = Object.assign(new TypeError('bad', { cause }), { code: 'E_X', headers: 'Jordan' });
  const line = logged({ error });
  assert.ok(!JSON.stringify(line).includes('Jordan'));
  const { stack, ...rest } = Object(line['error']) as Line;
  assert.match(String(stack), /log\.test\.ts/);
  assert.deepEqual(rest, {
    name: 'TypeError',
    code: 'E_X',
    message: 'bad',
    cause: { name: 'Error', code: 'E_ROW' },
  });
});

test('what refers to itself, and what JSON has no word for, does not stop a line', () => {
  const self: Record<string, unknown> = {};
  self['self'] = self;
  const line = logged({ self, big: 12n });
  assert.equal(line['big'], 12);
  assert.match(JSON.stringify(line['self']), /\[deep\]/);
});

test('a line that repeats is counted, and the count is written', (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  t.after(() => mock.timers.reset());
  const { log, lines } = memoryLog();
  const fail = (callId: string) =>
    log.error({ event: 'provider.failed', callId }, 'provider failed');
  for (let time = 0; time < 25; time += 1) fail('SCL_one');
  fail('SCL_two');
  assert.equal(lines().filter((line) => line['callId'] === 'SCL_one').length, 5);
  assert.equal(lines().filter((line) => line['callId'] === 'SCL_two').length, 1);
  mock.timers.tick(10_000);
  const counted = lines().filter((line) => line['event'] === 'log.repeated');
  assert.equal(counted.length, 1);
  assert.equal(counted[0]?.['of'], 'provider.failed');
  assert.equal(counted[0]?.['callId'], 'SCL_one');
  assert.equal(counted[0]?.['repeated'], 20);
  fail('SCL_one');
  assert.equal(lines().at(-1)?.['event'], 'provider.failed', 'a new window has begun');
});

test('a logger has all four levels', () => {
  const { log, lines } = memoryLog({ level: 'debug' });
  for (const level of ['debug', 'info', 'warn', 'error'] as const satisfies (keyof Lines)[]) {
    log[level]({ event: 'call.state' }, 'call moved on');
  }
  assert.deepEqual(
    lines().map((line) => line['level']),
    ['debug', 'info', 'warn', 'error'],
  );
});
