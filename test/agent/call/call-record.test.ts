import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallRecord } from '../../../agent/call/call-record.ts';
import type { CallStore } from '../../../agent/call/persistence/call-store.ts';
import type { MediaFigures } from '../../../agent/call/media/media-monitor.ts';
import { emptyFigures } from '../../../agent/call/media/gap-figures.ts';
import { savedCallFrom } from '../../../agent/call/persistence/call-snapshot.ts';
import { termination } from '../../../agent/ipc/termination.ts';
import { recordedLog } from '../../harness/recorded-log.ts';
import { savedCall } from './saved-call.ts';

const media: MediaFigures = {
  packets: 500,
  lastPacketAtMs: 10_000,
  packetsOut: 700,
  lastPacketOutAtMs: 11_000,
  gaps: emptyFigures,
};

/** A record that writes nowhere. */
function createRecord() {
  const store = { recordEvent: () => {}, recordClose: async () => {} } as unknown as CallStore;
  return new CallRecord({ log: recordedLog().log, store });
}

/** The closing line of a call that one job began as `record` and this one goes on with. */
async function closedAfter(record: CallRecord, own: MediaFigures | null) {
  const figures = record.savedFigures(media);
  const saved = savedCallFrom(JSON.stringify({ ...savedCall(), figures }));
  assert.ok(saved);
  const fresh = createRecord();
  fresh.goOn(saved);
  return fresh.ended(termination('agent-goodbye'), own);
}

test('the closing line says when words and packets last came and went', async () => {
  const record = createRecord();
  record.frameSpoken();
  assert.partialDeepStrictEqual(await record.ended(termination('over-limit'), media), {
    endedBy: 'agent',
    packetsIn: 500,
    lastPacketInAtMs: 10_000,
    packetsOut: 700,
    lastPacketOutAtMs: 11_000,
    framesOut: 1,
    lastTranscriptAtMs: null,
    transfer: null,
  });
});

test('after a hand-over it counts both jobs, and keeps the times of the first until there are later', async () => {
  const record = createRecord();
  record.frameSpoken();
  assert.partialDeepStrictEqual(await closedAfter(record, null), {
    packetsIn: 500,
    lastPacketInAtMs: 10_000,
    packetsOut: 700,
    lastPacketOutAtMs: 11_000,
    framesOut: 1,
  });
  const own = {
    ...media,
    packets: 5,
    lastPacketAtMs: null,
    packetsOut: 7,
    lastPacketOutAtMs: 20_000,
  };
  assert.partialDeepStrictEqual(await closedAfter(record, own), {
    packetsIn: 505,
    lastPacketInAtMs: 10_000,
    packetsOut: 707,
    lastPacketOutAtMs: 20_000,
  });
});

test('it says what became of a transfer, with what the other side answered', async () => {
  const record = createRecord();
  record.transferred({ outcome: 'refused', sipStatus: 486, durationMs: 900 });
  const transfer = { outcome: 'refused', sipStatus: 486 };
  assert.deepEqual((await closedAfter(record, media))['transfer'], transfer);
  assert.deepEqual((await record.ended(termination('caller-hangup'), media))['transfer'], transfer);
});

test('what an older release kept has no figures of what it did not count', async () => {
  const record = createRecord();
  record.goOn(savedCall());
  assert.partialDeepStrictEqual(await record.ended(termination('agent-goodbye'), null), {
    packetsOut: 0,
    lastPacketInAtMs: null,
    framesOut: 0,
    transfer: null,
  });
});
