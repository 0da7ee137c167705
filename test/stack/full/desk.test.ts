import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { hashPassword } from '../../../agent/infra/password.ts';
import { openStore, type Store } from '../../../agent/infra/store/database.ts';
import { addToTranscript } from '../../../agent/infra/store/transcripts.ts';
import {
  end,
  fillDesk,
  friendlyWords,
  hostile,
  ring,
  talk,
} from '../../agent/desk/desk-example.ts';
import { password } from '../../agent/desk/open-desk.ts';
import { openBrowser, signedInPage, testFolder } from '../../harness/browser.ts';
import { eventually } from '../../harness/eventually.ts';
import { runDesk } from '../../harness/running-desk.ts';

const axe = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));
const pictures = fileURLToPath(new URL('../../../docs/desk/', import.meta.url));
const pages = {
  now: '/desk',
  calls: '/desk/calls',
  call: '/desk/call?id=past-0',
  bookings: '/desk/bookings',
  figures: '/desk/figures',
  try: '/desk/try',
} as const;

let desk: Awaited<ReturnType<typeof runDesk>>;
let store: Store;
let browser: Browser;
const cleanUp = new AsyncDisposableStack();

before(async () => {
  const folder = cleanUp.use(await testFolder());
  store = cleanUp.use(await openStore({ dataDir: folder.path }));
  await fillDesk(store, Date.now(), { words: friendlyWords });
  await ring(store, { callId: 'live-1', atMs: Date.now() - 40_000, answeredMs: 800 });
  await addToTranscript(store, 'live-1', talk(Date.now() - 39_000));
  const passwordHash = await hashPassword(password);
  desk = cleanUp.use(await runDesk({ dataDir: folder.path, passwordHash }));
  browser = cleanUp.use(await openBrowser());
});
after(() => cleanUp.disposeAsync());

/** A page that has signed in, and what the browser complained of on it. */
async function signedIn(options: Parameters<Browser['newPage']>[0] = {}) {
  const signed = await signedInPage(
    browser,
    { url: desk.url, password },
    { locale: 'en-US', ...options },
  );
  await signed.page.getByRole('heading', { name: 'Now' }).waitFor();
  return signed;
}

async function open(page: Page, path: string): Promise<void> {
  await page.goto(`${desk.url}${path}`, { waitUntil: 'load' });
}

/** The rules that the page breaks, each with where. */
async function violations(page: Page): Promise<unknown> {
  await page.addScriptTag({ path: axe }).catch(() => {});
  return page.evaluate(`axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 200))]))`);
}

test('no page breaks a rule of accessibility, and each has its picture', async () => {
  await mkdir(pictures, { recursive: true });
  const context = await browser.newContext({
    // The rules' own script is none of the desk's.
    bypassCSP: true,
    locale: 'en-US',
    viewport: { width: 1_100, height: 720 },
    colorScheme: 'light',
  });
  const page = await context.newPage();
  await open(page, '/desk/sign-in');
  assert.deepEqual(await violations(page), [], 'sign-in');
  await page.screenshot({ path: `${pictures}sign-in.png` });
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  for (const [name, path] of Object.entries(pages)) {
    await open(page, path);
    if (name === 'figures') await page.locator('.uplot canvas').nth(3).waitFor();
    assert.deepEqual(await violations(page), [], name);
    await page.screenshot({ path: `${pictures}${name}.png` });
  }
  await context.close();
});

test('words of callers and of the sheet run nowhere, and nothing breaks the policy', async () => {
  await using opened = await signedIn();
  const { page, faults } = opened;
  await fillDesk(store, Date.now(), { calls: 2, id: 'odd', firstDay: 6 });
  await addToTranscript(store, 'live-1', talk(Date.now(), hostile));
  await page.getByText(hostile).first().waitFor();
  for (const path of [...Object.values(pages), '/desk/call?id=odd-0']) {
    await open(page, path);
    assert.equal(await page.evaluate('window.hacked'), undefined, path);
    if (path === pages.figures) await page.locator('.uplot canvas').first().waitFor();
  }
  assert.deepEqual(faults, []);
});

test('at 320 px no page is wider than the window', async () => {
  await using opened = await signedIn({ viewport: { width: 320, height: 640 } });
  for (const path of Object.values(pages)) {
    await open(opened.page, path);
    const width = await opened.page.evaluate('document.documentElement.scrollWidth');
    assert.equal(width, 320, path);
  }
});

test('without script each page is whole, and a conflict is settled with the keyboard alone', async () => {
  await using opened = await signedIn({ javaScriptEnabled: false });
  const { page } = opened;
  for (const [name, path] of Object.entries(pages)) {
    await open(page, path);
    assert.ok((await page.locator('main').innerText()).length > 200, name);
  }
  await open(page, '/desk');
  await page.keyboard.press('Tab');
  assert.equal(await page.locator(':focus').innerText(), 'Skip to the page');
  const button = page.getByRole('button', { name: /^Resolve: .*Maria Lopez/ });
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    const label = await page.locator(':focus').getAttribute('aria-label');
    if (label?.includes('Maria Lopez')) break;
  }
  await page.keyboard.press('Enter');
  await page.getByText('Resolved.').waitFor();
  assert.equal(await button.count(), 0);
});

test('the page goes on by itself when the process of the desk is started anew, and misses nothing', async () => {
  await using opened = await signedIn();
  const { page } = opened;
  await page.getByText('Live.', { exact: true }).waitFor();
  const killed = desk.process.pid;
  process.kill(killed ?? assert.fail(), 'SIGKILL');
  await ring(store, { callId: 'missed-1', atMs: Date.now(), number: '+13125550166' });
  await eventually('another process', () => ![null, killed].includes(desk.process.pid), 60_000);
  const told = page.getByRole('log').getByText('…0166');
  await told.first().waitFor();
  await page.getByRole('table', { name: 'Live calls' }).getByText('…0166').waitFor();
  assert.equal(await told.count(), 1, 'told once');
});

test('calls are found by what the form asks for, and the address says it again', async () => {
  await using opened = await signedIn();
  const { page } = opened;
  const rows = page.getByRole('table', { name: 'Calls, newest first' }).getByRole('row');
  await open(page, '/desk/calls');
  await page.getByLabel('Words that were said').fill('ceiling tiles');
  await page.getByLabel('Result').selectOption('answered');
  await page.getByRole('button', { name: 'Find' }).click();
  await page.waitForURL(/words=ceiling/);
  assert.equal(await rows.count(), 2, 'the header, and one call');
  await page.getByRole('link', { name: /\d\d:\d\d:\d\d/ }).click();
  await page.getByText('We hang ceiling tiles').first().waitFor();
  await page.goBack();
  assert.equal(await page.getByLabel('Words that were said').inputValue(), 'ceiling tiles');
  assert.equal(await page.getByLabel('Result').inputValue(), 'answered');
  await page.getByLabel('Words that were said').fill('');
  await page.getByLabel('Result').selectOption('failed');
  await page.getByRole('button', { name: 'Find' }).click();
  await page.waitForURL(/outcome=failed/);
  assert.equal(await rows.count(), 3, 'the header, and two calls');
  await page.getByLabel('Reason').fill('no-such-reason');
  await page.getByRole('button', { name: 'Find' }).click();
  await page.getByText('No call is like that.').waitFor();
});

test('who is to be called back leaves the page when they call again and are served', async () => {
  await using opened = await signedIn();
  const { page } = opened;
  await page.getByText('Live.', { exact: true }).waitFor();
  const number = '+13125550188';
  const atMs = Date.now() - 20_000;
  await ring(store, { callId: 'missed-2', atMs, number });
  const gaveUp = { result: 'caller', reason: 'cancelled-while-ringing' };
  await end(store, { callId: 'missed-2', atMs: atMs + 9_000, ...gaveUp });
  const need = page.locator('#needs').getByText('…0188');
  await need.waitFor();
  await ring(store, { callId: 'again-2', atMs: atMs + 10_000, number, answeredMs: 500 });
  await end(store, { callId: 'again-2', atMs: atMs + 19_000 });
  await need.waitFor({ state: 'detached' });
  await open(page, '/desk/call?id=missed-2');
  await page.getByText('call back: answered').waitFor();
});

test('wrong passwords are slowed down, one that is known goes on, and the owner is not shut out', async () => {
  await using known = await signedIn();
  const stranger = await (await browser.newContext({ locale: 'en-US' })).newPage();
  await open(stranger, '/desk/sign-in');
  const attempt = async (page: Page, text: string) => {
    await page.getByLabel('Password').fill(text);
    const posted = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await posted;
    await page.waitForLoadState('load');
  };
  const told = stranger.getByRole('alert');
  for (let tries = 1; tries <= 6; tries += 1) {
    await attempt(stranger, `wrong password ${tries}`);
    await told.getByText(/not the password|not looked at/).waitFor();
  }
  await told.getByText(/Try again in \d+ s/).waitFor();
  await open(known.page, '/desk/calls');
  await known.page.getByRole('button', { name: 'Sign out' }).click();
  await attempt(known.page, password);
  await known.page.getByRole('heading', { name: 'Now' }).waitFor();
  await eventually(
    'the stranger with the right password comes in',
    async () => {
      await attempt(stranger, password);
      return (await stranger.getByRole('heading', { name: 'Now' }).count()) > 0;
    },
    60_000,
  );
  await stranger.context().close();
});
