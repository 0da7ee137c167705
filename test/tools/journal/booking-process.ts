/** A process that books, as a job does; started by tests. Prints one JSON value a line. */
import { once } from 'node:events';
import { openStore } from '../../../agent/infra/store/database.ts';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import type { StorePlace } from '../../agent/infra/store/both-databases.ts';
import { clock, request } from './example-booking.ts';

const [place = '{}', caller = ''] = process.argv.slice(2);
await using store = await openStore(JSON.parse(place) as StorePlace);
process.stdout.write('"ready"\n');
// All of them at once, when the test says so.
await once(process.stdin, 'data');
process.stdin.destroy();
const result = await commitBooking(store, {
  callId: `call-${caller}`,
  request: request({ customer: `Caller ${caller}` }),
  clock,
});
process.stdout.write(`${JSON.stringify(result.kind)}\n`);
