import { testDrain } from '../drain-tests.ts';

const env = { DRAIN_GRACE_MS: '3000' };

testDrain({
  handOver: { what: 'a grace of 3 s', env, withinMs: 1_000 },
  alone: { what: 'at once with a grace of 3 s', env },
});
