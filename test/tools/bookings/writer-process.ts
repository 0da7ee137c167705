/** A process with a sheet writer, as a supervisor has one; started and killed by tests. */
import { createLog } from '../../../agent/log.ts';
import { openStore } from '../../../agent/store/database.ts';
import { SheetWriter } from '../../../tools/bookings/sheet-writer.ts';
import { createSheetsClient } from '../../../tools/inventory/sheets-client.ts';
import type { StorePlace } from '../../store/both-databases.ts';
import { runningClock, spreadsheetId, testBudgets } from './writer-rig.ts';

const [place = '{}', baseUrl = ''] = process.argv.slice(2);
const writer = new SheetWriter({
  store: await openStore(JSON.parse(place) as StorePlace),
  log: createLog({ level: 'debug' }),
  clock: runningClock(),
  budgets: testBudgets,
  client: createSheetsClient({ spreadsheetId, auth: { kind: 'none' }, baseUrl }),
});
writer.start();
