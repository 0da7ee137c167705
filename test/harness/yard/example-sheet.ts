import type { CellValue } from '../emulators/sheets-cell.ts';

/** The spreadsheet of a small yard, as its owner typed it: the demo's and the tests'. */
export const exampleSheet: Readonly<Record<string, readonly (readonly CellValue[])[]>> = {
  Equipment: [
    [
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
    ],
    ['SS-01', 'Skid steer', 'Earthmoving', 250, 900, 2400, 500, 'AVAILABLE', '', 'Bucket included'],
    ['SS-02', 'Skid steer', 'Earthmoving', 250, 900, 2400, 500, 'RENTED', '', 'Bucket included'],
    ['EX-01', 'Mini excavator', 'Earthmoving', 300, 1100, 2900, 750, 'AVAILABLE', '', '3.5 tons'],
    ['SL-01', 'Scissor lift', 'Lifts', 150, 450, 1100, 300, 'AVAILABLE', '', '19 feet'],
    ['BL-01', 'Boom lift', 'Lifts', 320, 1050, 2700, 750, 'MAINTENANCE', '', '45 feet'],
    ['GN-01', 'Generator', 'Power', 90, 270, 700, 200, 'AVAILABLE', '', '20 kilowatts'],
    ['TR-01', 'Trencher', 'Earthmoving', 180, 600, 1500, 400, 'AVAILABLE', '', ''],
    ['PC-01', 'Plate compactor', 'Compaction', 70, 220, 560, 150, 'AVAILABLE', '', ''],
  ],
  Bookings: [
    [
      'Booking ID',
      'Item ID',
      'Item',
      'Start',
      'End',
      'Status',
      'Customer',
      'Phone',
      'Total',
      'Created at',
      'Call ID',
    ],
  ],
  Yard: [
    ['Name', 'Hilltop Rentals'],
    ['Time zone', 'America/Chicago'],
    ['Opening hours', 'Monday to Friday 7 am to 6 pm, Saturday 8 am to noon, closed on Sunday'],
    ['Address', '1200 Quarry Road'],
    ['Delivery', 'Delivery within 30 miles costs $75 each way'],
    ['Deposit', 'The deposit is held on a card and returned with the machine'],
    ['Identification', "A driver's license"],
    ['Transfer to', '+15550142'],
    ['Greeting', 'Hilltop Rentals, how can I help you?'],
  ],
};

/** The same yard with `times` of each machine, each row with an id of its own: for many callers. */
export function exampleSheetTimes(times: number): typeof exampleSheet {
  const [header = [], ...units] = exampleSheet['Equipment'] ?? [];
  const copies = Array.from({ length: Math.max(times, 1) }, (_, nth) =>
    units.map(([itemId = '', ...cells]) => [nth === 0 ? itemId : `${itemId}-${nth + 1}`, ...cells]),
  );
  return { ...exampleSheet, Equipment: [header, ...copies.flat()] };
}

/** The same yard, in which each row stands for so many machines. */
export function exampleSheetOfSeveral(quantity: number): typeof exampleSheet {
  const [header = [], ...units] = exampleSheet['Equipment'] ?? [];
  const rows = units.map((cells) => [...cells, quantity]);
  return { ...exampleSheet, Equipment: [[...header, 'Quantity'], ...rows] };
}
