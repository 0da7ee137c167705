import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPassword } from '../../../agent/infra/password.ts';
import { openStore } from '../../../agent/infra/store/database.ts';
import { end, fillDesk, ring } from '../../agent/desk/desk-example.ts';
import { password } from '../../agent/desk/open-desk.ts';
import { openBrowser, signedInPage, testFolder } from '../../harness/browser.ts';
import { runDesk } from '../../harness/running-desk.ts';

test('in a real browser one signs in, a ring is on the page by itself, and its end too', async (t) => {
  await using folder = await testFolder();
  await using store = await openStore({ dataDir: folder.path });
  await fillDesk(store, Date.now(), { calls: 2 });
  const passwordHash = await hashPassword(password);
  await using desk = await runDesk({ dataDir: folder.path, passwordHash });
  await using browser = await openBrowser();
  await using signed = await signedInPage(browser, { url: desk.url, password });
  const { page, faults } = signed;
  await page.getByText('Live.', { exact: true }).waitFor();

  const rangMs = Date.now();
  await ring(store, { callId: 'now-1', atMs: rangMs, number: '+13125550199' });
  const row = page.getByRole('table', { name: 'Live calls' }).getByText('…0199');
  await row.waitFor();
  t.diagnostic(`on the page ${Date.now() - rangMs} ms after the ring`);
  await page.getByRole('log').getByText('rings').last().waitFor();
  const endedMs = Date.now();
  await end(store, { callId: 'now-1', atMs: endedMs });
  await row.waitFor({ state: 'detached' });
  t.diagnostic(`gone ${Date.now() - endedMs} ms after its end`);
  assert.deepEqual(faults, []);
});
