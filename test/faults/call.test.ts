import { callFaults } from './call.ts';
import { usual } from './call-hearing.ts';
import { testSample } from './sample.ts';

/** Of the whole suite, which `npm run faults` runs: one of each kind, and quick. */
const names = [
  'stt-closed-1006',
  'llm-500',
  'llm-malformed-arguments',
  'tts-socket-refused',
  'talk-over-the-greeting',
  'hang-up-tool',
];

/** Five times the goal: a busy machine delays each word. */
const mostSilenceMs = 20_000;

testSample({
  faults: callFaults,
  names,
  setting: usual,
  run: (fault, place) => fault.run(place, 1, mostSilenceMs),
});
