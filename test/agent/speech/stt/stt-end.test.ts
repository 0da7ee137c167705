import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { initializeLogger } from '@livekit/agents';
import { Recogniser } from '../../../harness/emulators/recogniser.ts';
import { eventually } from '../../../harness/eventually.ts';
import { startEar } from './ear.ts';

initializeLogger({ pretty: false, level: 'silent' });

const recogniser = new Recogniser();

describe('the end leaves no connection and no timer', () => {
  const refused = { do: 'refuse', status: 401 } as const;
  type Ear = Awaited<ReturnType<typeof startEar>>;
  const states: Record<string, (ear: Ear) => Promise<void>> = {
    'while it connects': async () => {},
    'while it hears': (ear) => ear.isConnected(),
    'while an answer is awaited': async (ear) => {
      await ear.isConnected();
      ear.hearing.callerSpeaking(true);
    },
    'between two attempts': (ear) => eventually('a refusal', () => ear.troubles.length > 0),
  };
  for (const [name, reach] of Object.entries(states)) {
    for (const how of ['close', 'endInput'] as const) {
      test(`${name}, by ${how}`, async () => {
        await using ear = await startEar({ recogniser });
        if (name === 'between two attempts') ear.deepgram.faults.on('listen', refused);
        const timersBefore = countTimers();
        const { stream, ended } = ear.listen();
        await reach(ear);
        stream[how]();
        await ended;
        ear.hearing.callerSpeaking(false);
        ear.hearing.callerSpeaking(true);
        await eventually('no connection', () => ear.deepgram.connections.size === 0);
        await eventually('no timer', () => countTimers() <= timersBefore);
        assert.deepEqual(ear.errors, []);
      });
    }
  }
});

function countTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
