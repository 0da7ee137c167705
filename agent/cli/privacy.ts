import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readLastGood } from '../../tools/sheet/read/last-good.ts';
import type { Config } from '../config/config.ts';
import { withoutNumber } from '../infra/phone-mentions.ts';
import { isRecordingOf, recordingsFolder } from '../infra/recordings.ts';
import { openStore } from '../infra/store/database.ts';
import type { Store } from '../infra/store/database.ts';
import { erasePerson, personKey, readPerson, type Person } from '../infra/store/privacy.ts';
import { onStore } from './store-command.ts';

const usage = `Usage: npm run privacy -- export|erase --phone NUMBER [--help]

  export  prints everything that the store has of the number, as JSON, and where its calls' recordings are
  erase   removes the number, and what was said in its calls, from the store and the recordings; lists
          the rows of the sheet that you delete by hand. It cannot be undone.
`;

/**
 * Gives a person what is kept of them, or erases it. Resolves with the exit code: 0 done, 1 not done,
 * 2 wrong options. The number itself is not repeated in what it says.
 */
export async function runPrivacy(options: {
  readonly store: () => Config['store'];
  readonly args: readonly string[];
  readonly write: (text: string) => void;
}): Promise<number> {
  const { args, write } = options;
  const wanted = readOptions(args);
  if (typeof wanted === 'string') {
    write(wanted);
    return wanted === usage ? 0 : 2;
  }
  const { deed, phoneKey } = wanted;
  return onStore(write, async () => {
    const place = options.store();
    await using store = await openStore(place);
    const person = await readPerson(store, phoneKey);
    const rows = await sheetRows(store, phoneKey, person);
    if (deed === 'export') {
      const { folder, names } = await findRecordings(place.dataDir, phoneKey, person);
      const recordings = names.map((name) => path.join(folder, name));
      write(`${JSON.stringify({ ...person, recordings, sheetRows: rows }, null, 2)}\n`);
      return 0;
    }
    const erased = await erasePerson(store, phoneKey);
    const recordings = await removeRecordings(place.dataDir, phoneKey, person);
    write(`${JSON.stringify({ ...erased, recordings, sheetRows: rows }, null, 2)}\n`);
    write(
      rows.length > 0
        ? 'Delete the rows with these ids from the sheet by hand, then run it again: the list of equipment in the store follows the sheet.\n'
        : 'Nothing of it is known to be in the sheet.\n',
    );
    return 0;
  });
}

function readOptions(args: readonly string[]) {
  let read;
  try {
    read = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { phone: { type: 'string' }, help: { type: 'boolean', default: false } },
    });
  } catch (error) {
    const why = error instanceof Error ? error.message.split('. ')[0] : String(error);
    return `${why}; npm run privacy -- --help lists the options\n`;
  }
  const { values, positionals } = read;
  if (values.help) return usage;
  const [deed, ...more] = positionals;
  if ((deed !== 'export' && deed !== 'erase') || more.length > 0) {
    return 'Say export or erase; npm run privacy -- --help lists the options\n';
  }
  const phoneKey = personKey(values.phone ?? '');
  if (phoneKey === null) return '--phone needs a whole number, with seven digits or more\n';
  return { deed, phoneKey };
}

/** A row of the sheet by its tab and id; `id` is empty for a row that staff wrote without one. */
type SheetRow = {
  readonly tab: 'Bookings' | 'Messages';
  readonly id: string;
  readonly item?: string;
};

async function sheetRows(
  store: Store,
  phoneKey: string,
  { bookings, messages, calls }: Person,
): Promise<readonly SheetRow[]> {
  const list = await readLastGood(store);
  const byStaff = (list?.rentals ?? []).filter(
    ({ phone, bookingId }) =>
      withoutNumber(phone, phoneKey) !== null &&
      !bookings.some((booking) => booking.bookingId === bookingId),
  );
  const codes = new Set(
    [...messages, ...calls.flatMap((call) => call.messages)].map(({ code }) => code),
  );
  return [
    ...bookings
      .filter((booking) => booking.phoneKey === phoneKey)
      .map(({ bookingId: id, itemId: item }) => ({ tab: 'Bookings', id, item }) as const),
    ...byStaff.map(({ bookingId: id, itemId: item }) => ({ tab: 'Bookings', id, item }) as const),
    ...[...codes].map((id) => ({ tab: 'Messages', id }) as const),
  ];
}

/** Finds the recordings whose names tell of the number, or of one of its calls. */
async function findRecordings(dataDir: string, phoneKey: string, { calls }: Person) {
  const folder = recordingsFolder(dataDir);
  const names = (await readdir(folder).catch(() => [])).filter(
    (name) =>
      withoutNumber(name, phoneKey) !== null ||
      calls.some(({ callId }) => isRecordingOf(name, callId) || tellsOf(name, callId)),
  );
  return { folder, names };
}

/** True for a name with that id in it, and not that of another call which begins like it. */
function tellsOf(name: string, callId: string): boolean {
  const at = name.indexOf(callId);
  return at >= 0 && !/^\w/.test(name.slice(at + callId.length));
}

async function removeRecordings(
  dataDir: string,
  phoneKey: string,
  person: Person,
): Promise<number> {
  const { folder, names } = await findRecordings(dataDir, phoneKey, person);
  for (const name of names) await rm(path.join(folder, name), { recursive: true, force: true });
  return names.length;
}
