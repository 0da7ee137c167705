import { testDrain } from '../drain-tests.ts';

testDrain({
  handOver: { what: 'a long grace', env: {}, withinMs: 20_000 },
  alone: { what: 'at the end of DRAIN_MS', env: { DRAIN_MS: '1000' } },
});
