import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { voice } from '@livekit/agents';
import { Liveness } from '../../agent/call/liveness.ts';
import { ProviderTrouble } from '../../agent/call/provider-trouble.ts';
import { SessionWatch } from '../../agent/call/session-watch.ts';
import { defaultTimeouts } from '../../agent/timeouts.ts';
import { recordedLog } from '../recorded-log.ts';
import { virtualTime } from './virtual-time.ts';

/** The watch over a session in which the agent listens and nobody speaks. */
function createWatch(t: TestContext, { isLegSilent }: { readonly isLegSilent: boolean }) {
  const time = virtualTime(t);
  const ends: string[] = [];
  const liveness = new Liveness({
    livenessPauseMs: 60_000,
    onPauseExpired: () => {},
    nowMs: time.nowMs,
  });
  t.after(() => liveness.stop());
  const session = Object.assign(new EventEmitter(), {
    agentState: 'listening',
    userState: 'listening',
    output: { audio: null },
  });
  const trouble = new ProviderTrouble({
    liveness,
    say: () => {},
    giveUp: () => {},
    isDeaf: () => false,
    isCallersTurn: () => true,
  });
  new SessionWatch({
    session: session as unknown as voice.AgentSession,
    liveness,
    timeouts: defaultTimeouts,
    trouble,
    isOver: () => false,
    isLegSilent: () => isLegSilent,
    say: () => {},
    sayGoodbye: (reason) => void ends.push(reason),
    onLegLost: () => void ends.push('called back'),
    onTurn: () => {},
    leave: () => {},
    record: { log: recordedLog().log, frameSpoken: () => {} },
  }).start({ promptsSpoken: 0, answeredAtMs: null });
  return { ends, pass: time.pass };
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
