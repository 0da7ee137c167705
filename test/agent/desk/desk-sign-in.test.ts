import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDeskToken, type DeskTokenKind } from '../../../agent/infra/store/desk-tokens.ts';
import { onBothDatabases } from '../infra/store/both-databases.ts';
import { cookiesOf, openDesk, password } from './open-desk.ts';

const peer = (address: string) => ({ 'x-pickup-peer': address });
const wrong = { password: 'guess', name: '' };
const right = { password, name: 'Dana' };

onBothDatabases(({ dialect, newPlace }) => {
  test('who has not signed in sees nothing but the sign-in, whatever they ask for', async () => {
    await using desk = await openDesk(await newPlace());
    for (const url of [
      '/desk',
      '/desk?x=1',
      '/desk/calls',
      '/desk/call?id=1',
      '/desk/calls.csv',
      '/desk/figures',
    ]) {
      const answer = await desk.get(url, '__Host-desk=forged');
      assert.equal(answer.statusCode, 303, url);
      assert.equal(answer.headers.location, '/desk/sign-in');
    }
    assert.equal((await desk.post('/desk/settle', { deed: 'retry', ref: 'x' })).statusCode, 303);
    assert.match((await desk.get('/desk/live')).body, /event: signed-out/);
  });

  test('the password opens the desk for 12 hours, in a cookie that no script and no other site has', async () => {
    await using desk = await openDesk(await newPlace());
    const answer = await desk.post('/desk/sign-in', right);
    assert.equal(answer.headers.location, '/desk');
    const [session] = [answer.headers['set-cookie'] ?? []].flat();
    assert.match(
      session ?? '',
      /^__Host-desk=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict; Max-Age=43200$/,
    );
    const cookie = cookiesOf(answer);
    const opened = await desk.get('/desk', cookie);
    assert.equal(opened.statusCode, 200);
    assert.match(opened.body, /Dana/);
    assert.match(String(opened.headers['content-security-policy']), /script-src 'self'/);
    desk.clock.nowMs += 12 * 3_600_000;
    assert.equal((await desk.get('/desk', cookie)).statusCode, 303);
    const lines = JSON.stringify(desk.lines);
    assert.ok(!lines.includes(password) && !lines.includes('Dana'), 'nothing of it is logged');
  });

  test('signing out ends the session for good', async () => {
    await using desk = await openDesk(await newPlace());
    const cookie = cookiesOf(await desk.post('/desk/sign-in', right));
    await desk.post('/desk/sign-out', {}, { cookie });
    assert.equal((await desk.get('/desk', cookie)).statusCode, 303);
  });

  test('a form from elsewhere is refused, with the right password and a live session too', async () => {
    await using desk = await openDesk(await newPlace());
    const cookie = cookiesOf(await desk.post('/desk/sign-in', right));
    for (const origin of ['https://evil.example', 'null']) {
      assert.equal((await desk.post('/desk/sign-in', right, { origin })).statusCode, 403);
      assert.equal((await desk.post('/desk/sign-out', {}, { cookie, origin })).statusCode, 403);
    }
    const site = { cookie, 'sec-fetch-site': 'same-site' };
    assert.equal((await desk.post('/desk/sign-out', {}, site)).statusCode, 403);
    assert.equal((await desk.get('/desk', cookie)).statusCode, 200);
  });

  test('a one-time link opens the desk once, to one of two at the same time', async () => {
    await using desk = await openDesk(await newPlace());
    const make = async (kind: DeskTokenKind, lifeMs: number) =>
      createDeskToken(await desk.store(), {
        kind,
        name: null,
        passwordKey: desk.passwordKey,
        lifeMs,
        nowMs: desk.clock.nowMs,
      });
    const token = await make('link', 1_000);
    assert.equal((await desk.get(`/desk/link?token=${token}`)).statusCode, 200, 'a look is free');
    const answers = await Promise.all([1, 2].map(() => desk.post('/desk/link', { token })));
    assert.deepEqual(
      answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b),
      [303, 401],
    );
    const late = await make('link', 1_000);
    desk.clock.nowMs += 1_000;
    assert.equal((await desk.post('/desk/link', { token: late })).statusCode, 401);
    const other = await make('session', 1_000);
    assert.equal((await desk.post('/desk/link', { token: other })).statusCode, 401);
  });

  // The scrypt of one database's run is enough: nothing of it is kept in the store.
  if (dialect === 'postgres') return;

  test('guessing is slowed down by address and not by what it claims; other addresses and known browsers come in', async () => {
    await using desk = await openDesk(await newPlace());
    const known = cookiesOf(await desk.post('/desk/sign-in', right, peer('198.51.100.1')));
    const statuses: number[] = [];
    for (let tries = 0; tries < 7; tries += 1) {
      const claim = { ...peer('198.51.100.1'), 'x-forwarded-for': `203.0.113.${tries}` };
      statuses.push((await desk.post('/desk/sign-in', wrong, claim)).statusCode);
    }
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429]);
    const refused = await desk.post('/desk/sign-in', right, peer('198.51.100.1'));
    assert.equal(refused.statusCode, 429, 'the right password tells a guesser nothing yet');
    assert.ok(Number(refused.headers['retry-after']) >= 1);
    const elsewhere = await desk.post('/desk/sign-in', right, peer('198.51.100.2'));
    assert.equal(elsewhere.statusCode, 303);
    const owner = { ...peer('198.51.100.1'), cookie: known };
    assert.equal((await desk.post('/desk/sign-in', right, owner)).statusCode, 303);
    desk.clock.nowMs += 60_000;
    const later = await desk.post('/desk/sign-in', right, peer('198.51.100.1'));
    assert.equal(later.statusCode, 303, 'nobody is shut out');
  });

  test('behind a trusted proxy each client is counted by itself', async () => {
    await using desk = await openDesk(await newPlace());
    for (let tries = 0; tries < 6; tries += 1) {
      const behind = { ...peer('10.0.0.1'), 'x-forwarded-for': '203.0.113.66' };
      await desk.post('/desk/sign-in', wrong, behind);
    }
    const owner = { ...peer('10.0.0.1'), 'x-forwarded-for': '203.0.113.7' };
    assert.equal((await desk.post('/desk/sign-in', right, owner)).statusCode, 303);
  });
});
