import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { AttendantProcess } from '../../../../agent/supervisor/attendant/attendant-process.ts';
import { eventually } from '../../../harness/eventually.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';

let folder: string;
let staying: string;
let leaving: string;
let recorded: ReturnType<typeof recordedLog>;
let attendant: AttendantProcess;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pickup-attendant-'));
  staying = join(folder, 'staying.mjs');
  leaving = join(folder, 'leaving.mjs');
  await writeFile(staying, 'setInterval(() => {}, 60_000);');
  await writeFile(leaving, 'setTimeout(() => process.exit(0), 300);');
});
after(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  recorded = recordedLog();
});
afterEach(async () => {
  attendant.stopStarting();
  attendant.kill();
  await eventually('it is gone', () => attendant.pid === null);
});

function start(entry: string): void {
  attendant = new AttendantProcess({ log: recorded.log, entry });
  attendant.start(join(folder, 'line.sock'));
}

test('one that dies is followed by another, at once', async () => {
  start(staying);
  const first = attendant.pid;
  attendant.kill();
  await eventually('another one', () => ![null, first].includes(attendant.pid));
  assert.deepEqual(recorded.events(), ['attendant.started', 'attendant.died', 'attendant.started']);
});

test('one that ends as it was told to is followed by none', async () => {
  start(leaving);
  attendant.stopStarting();
  await eventually('it is gone', () => attendant.pid === null);
  assert.deepEqual(recorded.events(), ['attendant.started', 'attendant.stopped']);
});
