import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runBookings } from '../../../agent/cli/bookings.ts';
import { fail, ok, type Check } from '../../../agent/config/finding.ts';
import { csvLine } from '../../../agent/desk/csv.ts';
import { recordingFolder } from '../../../agent/infra/recordings.ts';
import { readAudits } from '../../../agent/infra/store/call-backs.ts';
import { saveSnapshot } from '../../../agent/infra/store/snapshots.ts';
import { addToTranscript } from '../../../agent/infra/store/transcripts.ts';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import {
  inventorySnapshot,
  inventoryToJson,
} from '../../../tools/sheet/read/inventory-snapshot.ts';
import { eventually } from '../../harness/eventually.ts';
import { request } from '../../tools/journal/example-booking.ts';
import { inventory, unit } from '../../tools/yard/example-yard.ts';
import { onBothDatabases } from '../infra/store/both-databases.ts';
import { end, fillDesk, hostile, ring, talk } from './desk-example.ts';
import { cookiesOf, openDesk, password } from './open-desk.ts';

test('no cell of a file is a formula, and no text leaves its cell', () => {
  assert.equal(
    csvLine(['=1+1', ' +2', '-3', '@x', '\t=1', 'a"b', 'a,b', 5, null]),
    `"'=1+1","' +2","'-3","'@x","'\t=1","a""b","a,b",5,\r\n`,
  );
});

onBothDatabases(({ newPlace }) => {
  test('every page shows the day, with the words of callers and sheet as text', async () => {
    await using desk = await openDesk(await newPlace());
    const store = await desk.store();
    const { nowMs } = desk.clock;
    await fillDesk(store, nowMs);
    await ring(store, { callId: 'live-1', atMs: nowMs - 30_000, answeredMs: 800 });
    await addToTranscript(store, 'live-1', talk(nowMs - 29_000, hostile));
    const signedIn = await desk.post('/desk/sign-in', { password, name: hostile });
    const cookie = cookiesOf(signedIn);
    const read = async (url: string) => {
      const { statusCode, body } = await desk.get(url, cookie);
      assert.equal(statusCode, 200, url);
      assert.ok(!body.includes('<img') && !/<script(?! type="module" src="\/desk)/.test(body), url);
      return body;
    };
    const now = await read('/desk');
    for (const shown of ['Conflict', 'Cleo', 'row 12', 'Slow answers', 'Call failed', '…0142']) {
      assert.ok(now.includes(shown), shown);
    }
    assert.ok(now.indexOf('Conflict') < now.indexOf('Row cannot be read'), 'worst first');
    assert.match(await read('/desk/call?id=past-0'), /Do you have|onerror/);
    assert.match(await read('/desk/bookings'), /C-7 counter/);
    assert.match(
      await read('/desk/bookings?state=conflict'),
      /Bookings by phone that are conflict/,
    );
    assert.match(await read('/desk/figures'), /Calls a day/);
    // No such day, in an address that somebody wrote.
    for (const page of ['bookings', 'figures', 'calls']) {
      await read(`/desk/${page}?from=2026-02-31&to=2026-02-30`);
    }
    assert.equal((await desk.get('/desk/call?id=none', cookie)).statusCode, 404);

    const rows = (body: string) => body.match(/<a href="\/desk\/call\?id=[^"]+"/g) ?? [];
    const first = await read('/desk/calls');
    assert.equal(rows(first).length, 50);
    const older = /href="([^"]+)">Older calls/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? '';
    assert.equal(rows(await read(older)).length, 11);
    assert.equal(rows(await read('/desk/calls?outcome=failed')).length, 7);
    assert.equal(rows(await read('/desk/calls?digits=1007')).length, 1);
    assert.equal(rows(await read('/desk/calls?words=skid+steer')).length, 2);
    assert.equal(rows(await read('/desk/calls?slow=yes')).length, 1);
    assert.equal(rows(await read('/desk/calls?from=nonsense&cursor=x&min=-1')).length, 50);
    const file = await desk.get('/desk/calls.csv?outcome=failed', cookie);
    assert.equal(file.body.trim().split('\r\n').length, 8);
  });

  test('what of the machine harms calls is told of, and what is well is not', async () => {
    const checks: readonly Check[] = [
      { name: 'disk', run: () => fail('40 MB are free', 'Make room there') },
      { name: 'clock', run: () => ok('the clock agrees') },
      {
        name: 'signals',
        run: () => {
          throw new TypeError('no such file');
        },
      },
    ];
    await using desk = await openDesk(await newPlace(), { checks });
    const cookie = cookiesOf(await desk.post('/desk/sign-in', { password, name: 'Dana' }));
    const read = async () => (await desk.get('/desk', cookie)).body;
    await read();
    await eventually('the machine was looked at', async () => (await read()).includes('40 MB'));
    const body = await read();
    assert.match(body, /40 MB are free\. Make room there\./);
    assert.match(body, /signals/);
    assert.doesNotMatch(body, /the clock agrees/);
  });

  test('a call from the page is a caller without a number, marked as a test, who books nothing unless told to', async () => {
    await using desk = await openDesk(await newPlace());
    const cookie = cookiesOf(await desk.post('/desk/sign-in', { password, name: 'Dana' }));
    const { headers } = await desk.get('/desk/try', cookie);
    assert.match(
      String(headers['content-security-policy']),
      /connect-src 'self' wss:\/\/yard\.livekit\.cloud https:\/\/yard\.livekit\.cloud;/,
    );
    assert.match(String(headers['permissions-policy']), /microphone=\(self\)/);
    const elsewhere = await desk.get('/desk/calls', cookie);
    assert.doesNotMatch(String(elsewhere.headers['content-security-policy']), /livekit/);
    for (const [books, kind] of [
      ['no', 'trial'],
      ['yes', 'real'],
    ] as const) {
      const { url, token, callId } = JSON.parse(
        (await desk.post('/desk/try', { books }, { cookie })).body,
      );
      assert.equal(url, 'wss://yard.livekit.cloud');
      const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString('utf8'));
      assert.partialDeepStrictEqual(claims, {
        kind: 'sip',
        attributes: {
          'sip.callID': callId,
          'sip.callStatus': 'ringing',
          'sip.phoneNumber': 'anonymous',
          'pickup.test': kind,
        },
        video: { canPublishSources: ['microphone'], canUpdateOwnMetadata: false },
      });
      assert.ok(claims.exp * 1_000 < Date.now() + 121_000);
    }
    const unknown = await desk.post('/desk/try/answered', { callId: 'BC_other' }, { cookie });
    assert.equal(unknown.statusCode, 404);
    const signedOut = await desk.post('/desk/try', { books: 'yes' });
    assert.equal(signedOut.statusCode, 303);
  });

  test('sums are in the currency of the yard, on the desk and in the command', async () => {
    const place = await newPlace();
    await using desk = await openDesk(place);
    const store = await desk.store();
    const { nowMs } = desk.clock;
    const list = inventory([unit({ itemId: 'EX-1' })]);
    const inPounds = { ...list, yard: { ...list.yard, currency: 'GBP' } };
    const snapshot = { name: inventorySnapshot, json: inventoryToJson(inPounds) };
    await saveSnapshot(store, { ...snapshot, savedAtMs: nowMs });
    await ring(store, { callId: 'c-1', atMs: nowMs, answeredMs: 800 });
    const of = request({ itemId: 'EX-1', inventory: inPounds });
    const clock = { nowMs: () => nowMs };
    await commitBooking(store, { callId: 'c-1', request: of, clock });
    const cookie = cookiesOf(await desk.post('/desk/sign-in', { password, name: 'Dana' }));
    for (const url of ['/desk/bookings', '/desk/call?id=c-1']) {
      const { body } = await desk.get(url, cookie);
      assert.match(body, /£\d[\d,]*\.\d\d/, url);
    }
    const { dataDir, databaseUrl = null } = place;
    let text = '';
    const write = (part: string) => void (text += part);
    await runBookings({ store: () => ({ dataDir, databaseUrl }), args: [], write });
    assert.match(text, /£\d[\d,]*\.\d\d/);
  });

  test('the recording of a call is played to those who have signed in, in parts too', async () => {
    const place = await newPlace();
    await using desk = await openDesk(place);
    const { nowMs } = desk.clock;
    await ring(await desk.store(), { callId: 'SCL_1', atMs: nowMs, answeredMs: 800 });
    const folder = recordingFolder(place.dataDir, 'SCL_1', nowMs + 800);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'caller.wav'), '0123456789');
    const cookie = cookiesOf(await desk.post('/desk/sign-in', { password, name: 'Dana' }));
    const { body } = await desk.get('/desk/call?id=SCL_1', cookie);
    const url = /src="([^"]+)"/.exec(body)?.[1]?.replaceAll('&amp;', '&') ?? '';
    assert.equal((await desk.get(url)).statusCode, 303, 'nobody else');
    const whole = await desk.get(url, cookie);
    assert.deepEqual([whole.statusCode, whole.body], [200, '0123456789']);
    assert.equal(whole.headers['content-type'], 'audio/wav');
    for (const [range, status, part] of [
      ['bytes=2-4', 206, '234'],
      ['bytes=7-', 206, '789'],
      ['bytes=-2', 206, '89'],
      ['bytes=4-99', 206, '456789'],
      ['bytes=99-', 416, ''],
      ['lines=1-2', 200, '0123456789'],
    ] as const) {
      const answer = await desk.app.inject({ url, headers: { cookie, range } });
      assert.deepEqual([answer.statusCode, answer.body], [status, part], range);
    }
    const other = url.replace('voice=caller', 'voice=../../caller');
    assert.equal((await desk.get(other, cookie)).statusCode, 404);
  });

  test('each button settles its thing once, as the commands do, and it is written down who did so', async () => {
    await using desk = await openDesk(await newPlace());
    const store = await desk.store();
    await fillDesk(store, desk.clock.nowMs, { calls: 6 });
    const cookie = cookiesOf(await desk.post('/desk/sign-in', { password, name: 'Dana' }));
    const forms = async () =>
      [
        ...(await desk.get('/desk', cookie)).body.matchAll(
          /name="deed"\s+value="([^"]*)"[^]*?name="ref"\s+value="([^"]*)"/g,
        ),
      ].map(([, deed = '', ref = '']) => ({ deed, ref, back: '/desk' }));
    const all = await forms();
    const kinds = new Set(all.map(({ deed }) => deed));
    assert.deepEqual(
      [...kinds].toSorted((a, b) => a.localeCompare(b)),
      ['called', 'dismiss', 'resolve', 'retry', 'settle-row'],
    );
    for (const form of all) {
      const answer = await desk.post('/desk/settle', { ...form, note: 'spoke' }, { cookie });
      assert.equal(answer.headers.location, `/desk?done=${form.deed}`, JSON.stringify(form));
    }
    // What waits for the sheet still does: the writer has not come by.
    assert.deepEqual(
      (await forms()).map(({ deed }) => deed),
      ['retry'],
    );
    const again = all.find(({ deed }) => deed === 'called') ?? assert.fail();
    const late = await desk.post('/desk/settle', again, { cookie });
    assert.equal(late.headers.location, '/desk?done=nothing');
    const audits = await readAudits(store);
    assert.equal(audits.length, all.length);
    assert.ok(audits.every(({ madeBy }) => madeBy === 'Dana'));
    assert.match(
      (await desk.get('/desk', cookie)).body,
      /Dana: code resolved|Dana: call dismissed/,
    );
    const away = { ...again, back: 'https://evil.example/' };
    const stayed = await desk.post('/desk/settle', away, { cookie });
    assert.match(String(stayed.headers.location), /^\/desk\?/);
  });

  test('a call-back closes by itself when the caller is answered later', async () => {
    await using desk = await openDesk(await newPlace());
    const store = await desk.store();
    const { nowMs } = desk.clock;
    const number = '+13125550188';
    await ring(store, { callId: 'lost', atMs: nowMs - 60_000, number, answeredMs: 500 });
    await end(store, {
      callId: 'lost',
      atMs: nowMs - 40_000,
      result: 'upstream',
      reason: 'media-lost',
    });
    const cookie = cookiesOf(await desk.post('/desk/sign-in', { password, name: '' }));
    assert.match((await desk.get('/desk', cookie)).body, /The line was lost/);
    await ring(store, { callId: 'good', atMs: nowMs - 20_000, number, answeredMs: 500 });
    await end(store, { callId: 'good', atMs: nowMs - 1_000 });
    assert.doesNotMatch((await desk.get('/desk', cookie)).body, /The line was lost/);
  });

  test('the calendar has a secret address without names, and a new one ends the one before', async () => {
    await using desk = await openDesk(await newPlace());
    await fillDesk(await desk.store(), desk.clock.nowMs, { calls: 2 });
    const cookie = cookiesOf(await desk.post('/desk/sign-in', { password, name: '' }));
    const renew = async () =>
      /\/desk\/calendar\/[\w-]+\.ics/.exec(
        (await desk.post('/desk/calendar', {}, { cookie })).body,
      )?.[0] ?? '';
    const first = await renew();
    const feed = await desk.get(first);
    assert.equal(feed.statusCode, 200);
    assert.match(
      feed.body,
      /^BEGIN:VCALENDAR\r\n[^]*SUMMARY:GN-01 [^]*…0142[^]*END:VCALENDAR\r\n$/,
    );
    assert.doesNotMatch(feed.body, /Ben|SS-01|\+1555/);
    const second = await renew();
    assert.equal((await desk.get(first)).statusCode, 404);
    assert.equal((await desk.get(second)).statusCode, 200);
  });
});
