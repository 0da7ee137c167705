import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { hashPassword } from '../../../agent/infra/password.ts';
import { readLedgerCall } from '../../../agent/infra/store/ledger.ts';
import { password } from '../../agent/desk/open-desk.ts';
import { openBrowser, signedInPage } from '../../harness/browser.ts';
import { SAMPLE_RATE } from '../../harness/caller/call-events.ts';
import { renderAsCaller } from '../../harness/caller/rendered-line.ts';
import { encodeWav } from '../../harness/caller/wav.ts';
import { eventually } from '../../harness/eventually.ts';
import { runDesk } from '../../harness/running-desk.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { openStoreOf } from '../aftermath.ts';
import { scriptSteps } from '../scripts.ts';

/** A microphone into which the test speaks: the page is given it in place of a real one. */
const microphone = `
  const context = new AudioContext();
  const into = context.createMediaStreamDestination();
  const silence = context.createConstantSource();
  silence.offset.value = 0;
  silence.connect(into);
  silence.start();
  navigator.mediaDevices.getUserMedia = async () => into.stream;
  window.speak = async (wav) => {
    await context.resume();
    const bytes = Uint8Array.from(atob(wav), (sign) => sign.charCodeAt(0));
    const line = context.createBufferSource();
    line.buffer = await context.decodeAudioData(bytes.buffer);
    line.connect(into);
    line.start();
    await new Promise((resolve) => line.addEventListener('ended', resolve));
  };
  let analyser;
  window.isQuiet = () => {
    const { srcObject } = document.querySelector('audio') ?? {};
    if (!srcObject) return false;
    if (!analyser) {
      analyser = context.createAnalyser();
      analyser.fftSize = 2048;
      context.createMediaStreamSource(srcObject).connect(analyser);
    }
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    return samples.every((sample) => Math.abs(sample) < 0.01);
  };`;

/** The agent's pause between two sentences is shorter. */
const pauseMs = 1_500;

const answerMs = 60_000;

async function speak(page: Page, line: string): Promise<void> {
  const wav = encodeWav(await renderAsCaller(line), SAMPLE_RATE).toString('base64');
  await page.evaluate(`window.speak(${JSON.stringify(wav)})`);
}

test('an owner calls the agent from the desk and books: the row is in the sheet, and the call is a test', async () => {
  // Its last line is the yes.
  const lines = scriptSteps('rental', { seed: 1, endBy: 'caller' }).flatMap((step) =>
    'say' in step ? [step.say] : [],
  );
  await using yard = await Yard.open({ env: { NUM_IDLE_PROCESSES: '1' } });
  await yard.teach(lines);
  const service = yard.service();
  await service.ready({ warm: 1 });
  const passwordHash = await hashPassword(password);
  const dataDir = yard.env['DATA_DIR'] ?? '';
  await using desk = await runDesk({ dataDir, passwordHash, env: yard.env });
  await using browser = await openBrowser({ calls: true });
  await using signed = await signedInPage(browser, { url: desk.url, password });
  const { page, faults } = signed;
  await page.addInitScript(microphone);
  await page.goto(`${desk.url}/desk/try`);
  await page.getByLabel('What I book is real').check();
  await page.getByRole('button', { name: 'Call the agent' }).click();
  const said = page.locator('#words li', { hasText: 'Agent:' });
  let heard = 0;
  const agentAnswers = async () => {
    await said.nth(heard).waitFor({ timeout: answerMs });
    let quietSinceMs = performance.now();
    await eventually(
      'the agent is done',
      async () => {
        if (!(await page.evaluate('window.isQuiet()'))) quietSinceMs = performance.now();
        return performance.now() - quietSinceMs >= pauseMs;
      },
      answerMs,
    );
    heard = await said.count();
  };
  await agentAnswers();
  const last = lines.pop() ?? '';
  for (const line of lines) {
    await speak(page, line);
    await agentAnswers();
  }
  // The call has no number: the agent asks for one.
  for (const key of '3125550142#') {
    await page.getByRole('button', { name: key, exact: true }).click();
  }
  await agentAnswers();
  await speak(page, last);
  await page.getByText("You're booked.").waitFor({ timeout: answerMs });
  const started = await service.waitFor('call.incoming');
  const callId = String(started.callId);
  await page.getByRole('button', { name: 'Hang up' }).click();
  await service.waitFor('call.closed', (line) => line.callId === callId);
  const rows = yard.sheets.rows('Bookings').filter((row) => row.includes(callId));
  assert.equal(rows.length, 1);
  await using store = await openStoreOf(yard);
  await eventually('the call has its place in the ledger', async () => {
    const row = await readLedgerCall(store, callId);
    return row?.outcome === 'test';
  });
  assert.deepEqual(faults, []);
});
