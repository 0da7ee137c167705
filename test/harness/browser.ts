import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import chromiumPackage from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';

/** Our own: the package's would switch the browser's web security off. */
const args = ['--headless=shell', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];

/** Calls go over this machine's loopback, and a microphone is there without being asked for. */
const callArgs = [
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
];

/** A real Chromium; close it with `await using`. */
export async function openBrowser({ calls = false } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: await chromiumPackage.executablePath(),
    args: [...args, ...(calls ? callArgs : [])],
  });
}

/** A new folder for a test's data; gone when it is disposed of. */
export async function testFolder() {
  const path = await mkdtemp(join(tmpdir(), 'pickup-desk-'));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** A page that has signed in to a desk, and what the browser complained of on it. */
export async function signedInPage(
  browser: Browser,
  { url, password }: { readonly url: string; readonly password: string },
  options: Parameters<Browser['newPage']>[0] = {},
) {
  const page = await browser.newPage(options);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  await page.goto(`${url}/desk`);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  return { page, faults, [Symbol.asyncDispose]: () => page.close() };
}
