import { survivalFaults } from '../../faults/survival.ts';
import { testAtPlaces } from '../fault-tests.ts';

testAtPlaces('full', survivalFaults);
