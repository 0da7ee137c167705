import { bookingFaults } from '../../faults/bookings.ts';
import { testAlone } from '../fault-tests.ts';

testAlone('smoke', bookingFaults);
