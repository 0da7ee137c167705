import { callFaults } from '../../faults/call.ts';
import { testAtPlaces } from '../fault-tests.ts';

testAtPlaces('smoke', callFaults);
