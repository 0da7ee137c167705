import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallRecord } from '../../../agent/call/call-record.ts';
import type { CallStore } from '../../../agent/call/persistence/call-store.ts';
import { preloadCall } from '../../../agent/call/preload.ts';
import { firstWords } from '../../../agent/call/ownership/resume-plan.ts';
import { resumeKinds } from '../../../agent/ipc/messages.ts';
import { CALL_AGAIN, CALL_YOU_BACK, GOODBYE } from '../../../agent/speech/prompts/prompts.ts';
import { loadConfig } from '../../../agent/config/config.ts';
import { defaultTimeouts } from '../../../agent/config/timeouts.ts';
import { minimalEnvironment } from '../../harness/environment.ts';
import { recordedLog } from '../../harness/recorded-log.ts';
import { savedCall } from './saved-call.ts';

/** What is ready to be spoken, without any provider, when the call is answered. */
async function readyPhrases({ isResumed }: { isResumed: boolean }) {
  const phrase = async () => ({ sampleRateHz: 8_000, pcm: new Int16Array(80) });
  const parts = { phrase, inventory: async () => null, recordEvent: () => {} };
  const store = parts as unknown as CallStore;
  const { prices } = loadConfig(minimalEnvironment());
  const record = new CallRecord({ log: recordedLog().log, store, prices });
  const { signal } = new AbortController();
  const preload = await preloadCall({
    store,
    record,
    timeouts: defaultTimeouts,
    isResumed,
    isRecorded: false,
    signal,
  });
  return {
    greeting: preload.greeting.text,
    isReady: (text: string) => preload.prompts.get(text).audio !== undefined,
  };
}

test('the greeting and the goodbye are ready before a call is answered', async () => {
  const { greeting, isReady } = await readyPhrases({ isResumed: false });
  assert.ok(isReady(greeting));
  assert.ok(isReady(GOODBYE));
});

test('a job that goes on with a call has its first words ready, whatever it goes on for', async () => {
  const { isReady } = await readyPhrases({ isResumed: true });
  for (const kind of resumeKinds) {
    const [unknown] = firstWords(kind, undefined).sentences;
    const [known] = firstWords(kind, savedCall()).sentences;
    for (const text of [unknown, known]) assert.ok(text === undefined || isReady(text), text);
  }
  assert.ok(isReady(CALL_YOU_BACK));
  assert.ok(isReady(CALL_AGAIN));
});
