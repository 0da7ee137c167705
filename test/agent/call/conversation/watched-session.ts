import { EventEmitter } from 'node:events';
import type { TestContext } from 'node:test';
import type { voice } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import { CallTimers } from '../../../../agent/call/call-timers.ts';
import { RepromptPolicy } from '../../../../agent/call/conversation/reprompt-policy.ts';
import { SessionWatchdog } from '../../../../agent/call/conversation/session-watchdog.ts';
import { defaultTimeouts } from '../../../../agent/config/timeouts.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';
import { virtualTime } from '../virtual-time.ts';

type Deps = ConstructorParameters<typeof SessionWatchdog>[0];
type Output = { captureFrame: (frame: AudioFrame) => Promise<void> };

/**
 * The watch over a session in which the agent listens and nobody speaks; `deps` are what a test is
 * about, and `output` is where the agent's voice goes.
 */
export function watchedSession(
  t: TestContext,
  { deps, output = null }: { readonly deps: Partial<Deps>; readonly output?: Output | null },
) {
  const time = virtualTime(t);
  const timers = new CallTimers({
    livenessPauseMs: 60_000,
    onPauseExpired: () => {},
    nowMs: time.nowMs,
  });
  t.after(() => timers.stop());
  const session = Object.assign(new EventEmitter(), {
    agentState: 'listening',
    userState: 'listening',
    output: { audio: output },
  });
  const reprompts = new RepromptPolicy({
    timers,
    say: () => {},
    giveUp: () => {},
    isDeaf: () => false,
    isCallersTurn: () => true,
    onUnintelligible: () => {},
  });
  new SessionWatchdog({
    session: session as unknown as voice.AgentSession,
    record: {
      log: recordedLog().log,
      frameSpoken: () => {},
      spent: { modelTokens: 0, toolCalls: 0 },
    },
    timers,
    timeouts: defaultTimeouts,
    reprompts,
    state: { may: () => true },
    media: { isLegSilent: false },
    onLegLost: () => {},
    say: () => {},
    farewell: () => {},
    onTurn: () => {},
    leave: () => {},
    ...deps,
  }).start({ promptsSpoken: 0, answeredAtMs: null });
  return { ...time, session, timers };
}
