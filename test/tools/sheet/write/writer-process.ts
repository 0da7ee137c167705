/** A process with a sheet writer, as a supervisor has one; started and killed by tests. */
import { createLog } from '../../../../agent/infra/log.ts';
import { eventLog } from '../../../../agent/telemetry/events.ts';
import { openStore } from '../../../../agent/infra/store/database.ts';
import { SheetWriter } from '../../../../tools/sheet/write/sheet-writer.ts';
import { createSheetsClient } from '../../../../tools/sheet/client/sheets-client.ts';
import type { StorePlace } from '../../../agent/infra/store/both-databases.ts';
import { runningClock, spreadsheetId, testBudgets } from './writer-settings.ts';

const [place = '{}', baseUrl = ''] = process.argv.slice(2);
const writer = new SheetWriter({
  store: await openStore(JSON.parse(place) as StorePlace),
  log: eventLog(createLog({ level: 'debug' })),
  clock: runningClock(),
  budgets: testBudgets,
  client: createSheetsClient({ spreadsheetId, auth: { kind: 'none' }, baseUrl }),
});
writer.start();
