import { testDrain } from '../drain-tests.ts';

testDrain({
  handOver: { what: 'a grace of 8 s', env: { DRAIN_GRACE_MS: '8000' }, withinMs: 3_500 },
  alone: { what: 'at once with a grace of 3 s', env: { DRAIN_GRACE_MS: '3000' } },
});
