import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { GapDetector } from '../../../../agent/call/media/gap-detector.ts';
import type { RecoverySteps } from '../../../../agent/call/media/recovery-ladder.ts';
import { CallTimers } from '../../../../agent/call/call-timers.ts';
import { emptyFigures } from '../../../../agent/call/media/gap-figures.ts';
import { GapRecovery } from '../../../../agent/call/media/gap-recovery.ts';
import type { SavedRecovery } from '../../../../agent/call/media/gap-recovery.ts';
import { virtualTime } from '../virtual-time.ts';
import type { VirtualTime } from '../virtual-time.ts';

type Noted = { readonly event: string; readonly [field: string]: unknown };

type LineOptions = {
  readonly steps?: Partial<RecoverySteps>;
  readonly saved?: SavedRecovery;
  readonly gapMaxAttempts?: number;
  readonly mediaTimeoutMs?: number;
  readonly politeEndMs?: number;
};

const never = () => new Promise<void>(() => {});
const failing = () => Promise.reject(new Error('It does not work'));

/** A call's line: `packets` a half second come; the steps are written down with the time of silence. */
function createLine(time: VirtualTime, options: LineOptions = {}) {
  const noted: Noted[] = [];
  const taken: string[] = [];
  const line = {
    packets: 25,
    sign: null as string | null,
    isReconnecting: false,
    isServerThere: true,
  };
  const timers = new CallTimers({
    livenessPauseMs: 60_000,
    onPauseExpired: () => void taken.push('pause expired'),
    nowMs: time.nowMs,
  });
  const step = (name: keyof RecoverySteps) => (signal: AbortSignal) => {
    taken.push(name);
    return options.steps?.[name]?.(signal) ?? Promise.resolve();
  };
  const recovery = new GapRecovery({
    steps: {
      ask: step('ask'),
      resubscribe: step('resubscribe'),
      // A fresh job would end this one's part.
      rejoin: options.steps?.rejoin
        ? step('rejoin')
        : (signal) => step('rejoin')(signal).then(failing),
      giveUp: step('giveUp'),
    },
    signOfLife: () => line.sign,
    mustWait: () => gap.isHealing,
    // oxlint-disable-next-line typescript/require-await -- a request, outside of a test
    look: async () => gap.sample({ atMs: time.nowMs(), packets: line.packets }),
    // oxlint-disable-next-line typescript/require-await -- a request, outside of a test
    isServerThere: async () => line.isServerThere,
    timers,
    emit: (event, ...[fields]) => void noted.push({ event, ...fields }),
    gapCooldownMs: 60_000,
    gapMaxAttempts: options.gapMaxAttempts ?? 3,
    mediaTimeoutMs: options.mediaTimeoutMs ?? 15_000,
    politeEndMs: () => options.politeEndMs ?? 2_500,
    nowMs: time.nowMs,
    ...(options.saved ? { saved: options.saved } : {}),
  });
  const { openSinceMs = null } = options.saved ?? {};
  const gap: GapDetector = new GapDetector({
    audioGapMs: 5_000,
    conditions: () => ({
      isLive: true,
      trackIsPublished: true,
      trackIsMuted: false,
      isReconnecting: line.isReconnecting,
    }),
    onGap: (opened) => recovery.gapOpened(opened),
    onEnd: (end) => recovery.gapEnded(end),
    silentMs: openSinceMs === null ? null : Date.now() - openSinceMs,
    nowMs: time.nowMs,
  });
  recovery.carryOn();
  const goOn = async (ms: number) => {
    for (let left = ms; left > 0; left -= 500) {
      await time.pass(500);
      gap.sample({ atMs: time.nowMs(), packets: line.packets });
      await setImmediate();
    }
  };
  const stopPackets = async (ms: number) => {
    line.packets = 0;
    await goOn(ms);
  };
  const resumePackets = async (ms: number) => {
    line.packets = 25;
    await goOn(ms);
  };
  const only = (event: string) => noted.filter((one) => one.event === event);
  return { line, recovery, timers, noted, only, taken, goOn, stopPackets, resumePackets };
}

async function healthyLine(t: TestContext, options: LineOptions = {}) {
  const time = virtualTime(t);
  const line = createLine(time, options);
  await line.goOn(2_000);
  return { ...line, time };
}

test('the polite end begins earlier for a voice that takes longer', async (t) => {
  for (const politeEndMs of [3_000, 4_500, 6_000]) {
    await t.test(`${politeEndMs} ms`, async (own) => {
      const { stopPackets, only, taken } = await healthyLine(own, { politeEndMs });
      await stopPackets(15_000 - politeEndMs - 500);
      assert.ok(!taken.includes('giveUp'));
      await stopPackets(1_000);
      assert.ok(taken.includes('giveUp'));
      assert.ok(Number(only('gap.gave-up')[0]?.['silentMs']) <= 15_000 - politeEndMs + 250);
    });
  }
});

test('a server that answers nobody is waited for: the caller may be there when it is back', async (t) => {
  const { line, stopPackets, resumePackets, taken, only } = await healthyLine(t);
  line.isServerThere = false;
  await stopPackets(29_000);
  assert.deepEqual(taken, ['ask']);
  line.isServerThere = true;
  await stopPackets(1_000);
  await resumePackets(6_000);
  assert.deepEqual(taken, ['ask']);
  assert.equal(only('gap.recovered').length, 1);
});

test('a server that is back without the caller changes nothing: the ladder ends', async (t) => {
  const { line, stopPackets, taken } = await healthyLine(t);
  line.isServerThere = false;
  await stopPackets(20_000);
  line.isServerThere = true;
  await stopPackets(15_000);
  assert.deepEqual(taken, ['ask', 'resubscribe', 'rejoin', 'giveUp']);
});

test('the ladder is walked to its end before the gateway hangs up', async (t) => {
  const { stopPackets, taken, only, timers } = await healthyLine(t);
  await stopPackets(14_500);
  assert.deepEqual(taken, ['ask', 'resubscribe', 'rejoin', 'giveUp']);
  const [detected] = only('gap.detected');
  assert.deepEqual(detected, {
    event: 'gap.detected',
    silentMs: 5_000,
    attempt: 1,
    refusal: null,
    sign: null,
  });
  const steps = only('gap.step').filter((step) => !('error' in step));
  assert.deepEqual(
    steps.map(({ step, silentMs }) => [step, silentMs]),
    [
      ['ask', 5_000],
      ['resubscribe', 7_500],
      ['rejoin', 10_000],
    ],
  );
  const [gaveUp] = only('gap.gave-up');
  assert.deepEqual([gaveUp?.['why'], gaveUp?.['silentMs']], ['ladder-walked', 12_500]);
  assert.equal(timers.isPaused, false);
});

for (const [ms, step] of [
  [6_000, 'ask'],
  [9_000, 'resubscribe'],
  [11_000, 'rejoin'],
  // No look of the packet clock has seen them when the polite end is due.
  [12_000, 'rejoin'],
] as const) {
  test(`packets that are back after ${ms} ms end the walk; it is ${step} that is credited`, async (t) => {
    const { stopPackets, resumePackets, taken, only, recovery, timers } = await healthyLine(t);
    await stopPackets(ms);
    const before = [...taken];
    await resumePackets(20_000);
    assert.deepEqual(taken, before, 'no step while packets flow');
    assert.equal(before.at(-1), step);
    const [recovered] = only('gap.recovered');
    assert.equal(recovered?.['step'], step);
    assert.equal(recovered['lengthMs'], ms + 500);
    assert.equal(recovery.figures.recovered, 1);
    assert.equal(recovery.figures.byStep[step], 1);
    assert.equal(timers.isPaused, false);
  });
}

test('steps that hang or throw make room for the next, in time', async (t) => {
  const steps = { ask: never, resubscribe: failing, rejoin: never, giveUp: failing };
  const { stopPackets, taken, only, timers } = await healthyLine(t, { steps });
  await stopPackets(14_500);
  assert.deepEqual(taken, ['ask', 'resubscribe', 'rejoin', 'giveUp']);
  assert.equal(only('gap.step').filter((step) => 'error' in step).length, 3);
  assert.deepEqual(
    only('gap.gave-up').map(({ why }) => why),
    ['ladder-walked', 'end-failed'],
  );
  assert.equal(timers.isPaused, false);
});

test('a step under way is told when packets are back', async (t) => {
  let wasAborted = false;
  const resubscribe = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        wasAborted = true;
        resolve();
      });
    });
  const { stopPackets, resumePackets, only } = await healthyLine(t, { steps: { resubscribe } });
  await stopPackets(8_000);
  await resumePackets(2_000);
  assert.equal(wasAborted, true);
  assert.equal(only('gap.step').filter((step) => 'error' in step).length, 0);
});

test('with a sign of life only the gentle steps are taken', async (t) => {
  const { stopPackets, taken, line, only, timers } = await healthyLine(t);
  line.sign = 'dtmf';
  await stopPackets(30_000);
  assert.deepEqual(taken, ['ask', 'resubscribe']);
  assert.equal(only('gap.gave-up')[0]?.['why'], 'leg-alive');
  assert.equal(timers.isPaused, false);
});

test('when the last sign of life has grown old, the ladder goes on', async (t) => {
  const { stopPackets, taken, line } = await healthyLine(t);
  line.sign = 'quality';
  await stopPackets(10_000);
  line.sign = null;
  await stopPackets(2_500);
  assert.deepEqual(taken, ['ask', 'resubscribe', 'rejoin', 'giveUp']);
});

test('a fresh job that took the call is left alone with it', async (t) => {
  const steps = { rejoin: async () => {} };
  const { stopPackets, taken, timers, recovery } = await healthyLine(t, { steps });
  await stopPackets(60_000);
  assert.deepEqual(taken, ['ask', 'resubscribe', 'rejoin']);
  assert.equal(timers.isPaused, false);
  assert.equal(recovery.figures.attempts, 1);
});

test('the fresh job ends the attempt that it came from: with packets', async (t) => {
  const time = virtualTime(t);
  let saved: SavedRecovery | undefined;
  const rejoin = async () => void (saved = before.recovery.saved);
  const before = createLine(time, { steps: { rejoin } });
  await before.goOn(2_000);
  await before.stopPackets(11_500);
  assert.ok(saved);
  assert.equal(saved.attemptsUsed, 1);
  const after = createLine(time, { saved });
  await after.resumePackets(20_000);
  assert.deepEqual(after.taken, []);
  assert.deepEqual(
    after.noted.map(({ event, attempt, step }) => [event, attempt, step]),
    [['gap.recovered', 1, 'rejoin']],
  );
  assert.deepEqual(after.recovery.figures, {
    gaps: 1,
    attempts: 1,
    recovered: 1,
    byStep: { ask: 0, resubscribe: 0, rejoin: 1 },
    longestRecoveryMs: 12_000,
  });
});

test('the fresh job ends the attempt that it came from: with the polite end', async (t) => {
  const time = virtualTime(t);
  const saved = {
    attemptsUsed: 1,
    lastAttemptAtMs: Date.now() - 6_000,
    openSinceMs: Date.now() - 11_500,
    figures: emptyFigures,
  };
  const { stopPackets, taken, only, timers } = createLine(time, { saved });
  assert.equal(timers.isPaused, true);
  await stopPackets(1_500);
  assert.deepEqual(taken, []);
  await stopPackets(1_000);
  assert.deepEqual(taken, ['giveUp']);
  assert.equal(only('gap.gave-up')[0]?.['attempt'], 1);
});

test('within the cooldown a gap is only watched, in a further job, too', async (t) => {
  const time = virtualTime(t);
  const saved = {
    attemptsUsed: 1,
    lastAttemptAtMs: Date.now() - 30_000,
    openSinceMs: null,
    figures: emptyFigures,
  };
  const { goOn, stopPackets, resumePackets, taken, noted } = createLine(time, { saved });
  await goOn(2_000);
  await stopPackets(14_500);
  await resumePackets(2_000);
  assert.deepEqual(taken, []);
  assert.deepEqual(
    noted.map(({ event, attempt }) => [event, attempt]),
    [
      ['gap.detected', null],
      ['gap.recovered', null],
    ],
  );
  await resumePackets(30_000);
  await stopPackets(6_000);
  assert.deepEqual(taken, ['ask']);
});

test('a gap that begins in the cooldown and outlasts it is dealt with then', async (t) => {
  const time = virtualTime(t);
  const saved = {
    attemptsUsed: 1,
    lastAttemptAtMs: Date.now() - 40_000,
    openSinceMs: null,
    figures: emptyFigures,
  };
  const { goOn, stopPackets, taken, only, recovery } = createLine(time, { saved });
  await goOn(2_000);
  await stopPackets(17_500);
  assert.deepEqual(taken, []);
  await stopPackets(1_000);
  assert.deepEqual(taken, ['ask']);
  // The gateway has not hung up in its time: nothing is hurried.
  await stopPackets(2_000);
  assert.deepEqual(taken, ['ask']);
  await stopPackets(7_500);
  assert.deepEqual(taken, ['ask', 'resubscribe', 'rejoin', 'giveUp']);
  assert.equal(only('gap.detected').length, 1);
  const { gaps, attempts } = recovery.figures;
  assert.deepEqual([gaps, attempts], [1, 2]);
});

test('a gap on a leg that shows life is dealt with again, until the attempts are used up', async (t) => {
  const { line, stopPackets, taken, only, recovery, timers } = await healthyLine(t);
  line.sign = 'dtmf';
  await stopPackets(600_000);
  assert.deepEqual(taken, Array.from({ length: 3 }, () => ['ask', 'resubscribe']).flat());
  assert.deepEqual([recovery.figures.gaps, recovery.figures.attempts], [1, 3]);
  assert.ok(only('gap.gave-up').every(({ why }) => why === 'leg-alive'));
  assert.equal(timers.isPaused, false);
});

test('a leg that shows no more life after the last attempt gets the polite end', async (t) => {
  const { line, stopPackets, taken } = await healthyLine(t, { gapMaxAttempts: 1 });
  line.sign = 'dtmf';
  await stopPackets(40_000);
  line.sign = null;
  await stopPackets(60_000);
  assert.deepEqual(taken, ['ask', 'resubscribe', 'giveUp']);
});

test('a gap that ended meanwhile is not looked at again', async (t) => {
  const { line, stopPackets, resumePackets, taken } = await healthyLine(t);
  line.sign = 'dtmf';
  await stopPackets(20_000);
  await resumePackets(120_000);
  assert.deepEqual(taken, ['ask', 'resubscribe']);
});

test('a gateway that waits longer is not forestalled by the polite end', async (t) => {
  const { stopPackets, taken, only } = await healthyLine(t, { mediaTimeoutMs: 45_000 });
  await stopPackets(42_000);
  assert.deepEqual(taken, ['ask', 'resubscribe', 'rejoin']);
  await stopPackets(1_000);
  assert.equal(taken.at(-1), 'giveUp');
  assert.equal(only('gap.gave-up')[0]?.['silentMs'], 42_500);
});

test('the longest recovery is kept, over jobs too; without any there is none', async (t) => {
  const first = await healthyLine(t);
  assert.equal(first.recovery.figures.longestRecoveryMs, null);
  await first.stopPackets(9_000);
  await first.resumePackets(70_000);
  await first.stopPackets(6_000);
  await first.resumePackets(70_000);
  assert.equal(first.recovery.figures.longestRecoveryMs, 9_500);
  const second = createLine(first.time, { saved: first.recovery.saved });
  assert.equal(second.recovery.figures.longestRecoveryMs, 9_500);
});

test('when all attempts are used up, there is only the polite end, in time', async (t) => {
  const time = virtualTime(t);
  const figures = { ...emptyFigures, attempts: 3 };
  const saved = { attemptsUsed: 3, lastAttemptAtMs: null, openSinceMs: null, figures };
  const { goOn, stopPackets, taken, only, recovery } = createLine(time, { saved });
  await goOn(2_000);
  await stopPackets(11_500);
  assert.deepEqual(taken, []);
  await stopPackets(1_000);
  assert.deepEqual(taken, ['giveUp']);
  assert.equal(only('gap.gave-up')[0]?.['why'], 'attempts-used');
  assert.equal(recovery.figures.attempts, 3);
});

test('a room that begins to reconnect ends the walk: that is another recovery', async (t) => {
  const { stopPackets, taken, line, only, timers } = await healthyLine(t);
  await stopPackets(6_000);
  line.isReconnecting = true;
  await stopPackets(20_000);
  assert.deepEqual(taken, ['ask']);
  assert.equal(only('gap.gave-up')[0]?.['why'], 'overtaken');
  assert.equal(timers.isPaused, false);
});

test('the frames with which the server leaves a track bring no recovery', async (t) => {
  const { line, goOn, stopPackets, taken, only } = await healthyLine(t);
  await stopPackets(8_000);
  line.packets = 3;
  await goOn(1_000);
  await stopPackets(6_000);
  assert.deepEqual(taken, ['ask', 'resubscribe', 'rejoin', 'giveUp']);
  assert.deepEqual(only('gap.recovered'), []);
});

test('the end of the call ends the walk, silently', async (t) => {
  const { stopPackets, taken, noted, recovery, timers } = await healthyLine(t);
  await stopPackets(6_000);
  const before = noted.length;
  recovery.stop();
  await stopPackets(20_000);
  assert.deepEqual([taken, noted.length, timers.isPaused], [['ask'], before, false]);
});

test('whatever the packets do: few attempts, no step while they flow, no timer lost', async (t) => {
  const time = virtualTime(t);
  const stretch = fc.record({
    packets: fc.constantFrom(0, 0, 2, 25),
    ms: fc.integer({ min: 1, max: 80 }).map((samples) => samples * 500),
    sign: fc.constantFrom(null, null, 'quality'),
    isReconnecting: fc.constantFrom(false, false, false, true),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(stretch, { maxLength: 12 }), async (stretches) => {
      const { line, goOn, taken, noted, timers, recovery } = createLine(time, {
        steps: { resubscribe: failing, giveUp: async () => {} },
      });
      let expired = 0;
      timers.timer({ name: 'limit', ms: 1_000_000, onExpired: () => (expired += 1) }).restart();
      for (const { ms, ...state } of stretches) {
        Object.assign(line, state);
        if (state.packets === 0) {
          await goOn(ms);
          continue;
        }
        await goOn(500);
        const before = taken.length;
        await goOn(ms);
        assert.equal(taken.length, before, 'a step while packets flow');
      }
      const attempts = taken.filter((step) => step === 'ask').length;
      assert.ok(attempts <= 3);
      assert.equal(recovery.figures.attempts, attempts);
      assert.equal(taken.includes('pause expired'), false);
      const detected = noted.filter(({ event }) => event === 'gap.detected').length;
      assert.equal(recovery.figures.gaps, detected);
      Object.assign(line, { packets: 25, sign: null, isReconnecting: false });
      await goOn(20_000);
      assert.equal(timers.isPaused, false, 'every pause was released');
      assert.equal(timers.running.length + expired, 1, 'no timer was lost');
      recovery.stop();
      timers.stop();
    }),
    { numRuns: 40 },
  );
});
