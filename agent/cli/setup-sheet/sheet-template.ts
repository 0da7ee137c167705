import { equipmentColumns } from '../../../tools/sheet/read/equipment-sheet.ts';
import type { Cell, Columns, SheetRows } from '../../../tools/sheet/read/sheet-table.ts';
import type { TabName } from '../../../tools/sheet/read/sheet-tabs.ts';
import {
  bookingColumns,
  bookingHeader,
  messageColumns,
  messageHeader,
} from '../../../tools/sheet/write/sheet-view.ts';

/** The page of notes, in a tab of its own that nothing reads. */
export const notesTitle = 'Pickup notes';

/** The columns of each tab that has a header. */
export const tabColumns: Readonly<Record<Exclude<TabName, 'Yard'>, Columns<string>>> = {
  Equipment: equipmentColumns,
  // Staff's own rows may stand for several machines; calls write one row for each.
  Bookings: { ...bookingColumns, optional: [...bookingColumns.optional, 'Quantity'] },
  Messages: messageColumns,
};

const equipmentHeader: readonly string[] = [
  'Item ID',
  'Name',
  'Category',
  'Daily rate',
  'Weekly rate',
  'Four-week rate',
  'Deposit',
  'Status',
  'Due back',
  'Notes',
];

const exampleMachines: readonly Readonly<Record<string, Cell>>[] = [
  {
    'Item ID': 'EX-101',
    Name: 'Mini excavator',
    Category: 'Earthmoving',
    'Daily rate': 325,
    'Weekly rate': 1250,
    'Four-week rate': 3200,
    'Half day': 225,
    Deposit: 500,
    Status: 'Available',
    Notes: '3.5 tons, with a thumb',
  },
  {
    'Item ID': 'SL-201',
    'Also called': 'slab scissor, man lift',
    Quantity: 2,
    Name: "Scissor lift 19'",
    Category: 'Lifts',
    'Daily rate': 150,
    'Weekly rate': 450,
    'Four-week rate': 1100,
    Deposit: 300,
    Status: 'Available',
  },
  {
    'Item ID': 'GN-301',
    Name: 'Towable generator 20 kW',
    Category: 'Power',
    'Daily rate': 90,
    'Weekly rate': 270,
    'Four-week rate': 700,
    Deposit: 200,
    Status: 'In shop',
  },
];

/** A tab's header, in the order in which a person fills it in. */
function headerOf(tab: Exclude<TabName, 'Yard'>): readonly string[] {
  const { required, optional } = tabColumns[tab];
  const first = { Equipment: equipmentHeader, Bookings: bookingHeader, Messages: messageHeader };
  return [...new Set([...first[tab], ...required, ...optional])];
}

/** The rows of a tab that is made anew; `timeZone` is the spreadsheet's own. */
export function templateRows(tab: TabName, timeZone: string): SheetRows {
  if (tab === 'Yard') {
    return yardKeys.map(([key]) => [key, key === 'Time zone' ? timeZone : '']);
  }
  const header = headerOf(tab);
  const examples = tab === 'Equipment' ? exampleMachines : [];
  return [header, ...examples.map((machine) => header.map((column) => machine[column] ?? ''))];
}

/** The keys that most yards fill in, each with its meaning and an example. */
const yardKeys: readonly (readonly [key: string, meaning: string, example: string])[] = [
  ['Name', 'how the phone is answered', 'Hilltop Rentals'],
  ['Time zone', 'an IANA name', 'America/Chicago'],
  ['Opening hours', 'spoken when asked', 'Mon-Fri 7:00-17:30, Sat 8:00-12:00'],
  ['Address', 'spoken when asked', '1200 Quarry Road, Springfield'],
  ['Delivery', 'spoken when asked', '$95 each way within 25 miles, $4 a mile beyond'],
  ['Deposit', 'spoken when asked', 'Held on a card, back when the machine is'],
  ['Identification', 'what a renter brings', "A driver's license"],
  ['Transfer to', 'numbers that take calls for a person', '+1 312 555 0100'],
  ['Greeting', 'the first words', 'Hilltop Rentals, how can I help you?'],
  ['AI notice', 'said before the greeting; no leaves it out', 'This is the automated assistant.'],
];

/** The page of notes: what each tab is for, and what may be written in it. */
export const notesRows: SheetRows = [
  ['How Pickup uses this spreadsheet'],
  ['Columns and tabs may be moved, and others added. Nothing in this tab is read.'],
  [],
  ['Tab', 'What it holds', 'Example'],
  [
    'Equipment',
    'A row for each machine that is rented out. The three that are there are examples: replace them before you take calls.',
    '',
  ],
  ['Equipment, Status', 'Available, Rented, In shop, Sold, or the words that you use', 'On rent'],
  ['Equipment, Quantity', 'The machines that the row stands for; empty is one', '2'],
  ['Equipment, Half day', 'The price of half a day; empty when you have none', '225'],
  ['Equipment, Weekend rate', 'The price of a weekend; empty when you have none', '450'],
  ['Equipment, Also called', 'Other names that callers have for it', 'thumper, vibraplate'],
  ['Equipment, Due back', 'The day on which a machine that is out comes back', '2026-12-04'],
  [
    'Bookings',
    'Calls are written here, and your own rows hold their machines too, from Start through End. Write Cancelled or Returned under Status to free one.',
    '',
  ],
  ['Messages', 'What callers want to be passed on', ''],
  ...yardKeys.map(([key, meaning, example]) => [`Yard: ${key}`, meaning, example]),
  ['npm run doctor -- --sheet', 'Says of each row what a caller would hear, and what to mend', ''],
];
