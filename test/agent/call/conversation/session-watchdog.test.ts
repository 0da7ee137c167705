import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { defaultTimeouts } from '../../../../agent/config/timeouts.ts';
import { watchedSession } from './watched-session.ts';

/** How a call ends in which the agent listens and nobody speaks. */
function createWatch(t: TestContext, { isLegSilent }: { readonly isLegSilent: boolean }) {
  const ends: string[] = [];
  const { pass } = watchedSession(t, {
    deps: {
      isLegSilent: () => isLegSilent,
      sayGoodbye: (reason) => void ends.push(reason),
      onLegLost: () => void ends.push('called back'),
    },
  });
  return { ends, pass };
}

test('a caller who says nothing is silent, and the call ends with that', async (t) => {
  const { ends, pass } = createWatch(t, { isLegSilent: false });
  await pass(3 * defaultTimeouts.callerSilentMs);
  assert.deepEqual(ends, ['caller-silent']);
});

test('a caller whose line is silent is called back', async (t) => {
  const { ends, pass } = createWatch(t, { isLegSilent: true });
  await pass(3 * defaultTimeouts.callerSilentMs);
  assert.deepEqual(ends, ['called back']);
});
