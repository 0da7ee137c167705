import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import chromiumPackage from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';

/** Our own: the package's would switch the browser's web security off. */
const args = ['--headless=shell', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];

/** A real Chromium; close it with `await using`. */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await chromiumPackage.executablePath(), args });
}

/** A new folder for a test's data; gone when it is disposed of. */
export async function testFolder() {
  const path = await mkdtemp(join(tmpdir(), 'pickup-desk-'));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}
