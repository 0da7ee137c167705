import { testSample } from './sample.ts';
import { survivalFaults } from './survival.ts';
import { usual } from './survival-case.ts';

/**
 * Of the whole suite, which `npm run faults` runs: the quick ones. A deployment beside another has
 * its own scenario; more than three takeovers a minute would have to wait for one another.
 */
const names = ['job-killed-speaking', 'job-stopped-5s', 'worker-killed'];

testSample({ faults: survivalFaults, names, setting: usual });
