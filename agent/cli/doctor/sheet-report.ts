import { toDoAbout } from '../../../tools/sheet/client/sheet-advice.ts';
import { createSheetsClient } from '../../../tools/sheet/client/sheets-client.ts';
import { SheetsError } from '../../../tools/sheet/client/sheets-error.ts';
import { loadInventory } from '../../../tools/sheet/read/inventory.ts';
import { readSettledRows } from '../../../tools/sheet/read/settled-rows.ts';
import type { SheetProblem } from '../../../tools/sheet/read/sheet-problems.ts';
import { SheetFormatError } from '../../../tools/sheet/read/sheet-table.ts';
import type { Inventory } from '../../../tools/yard/equipment.ts';
import { foundSentence } from '../../../tools/yard/found-words.ts';
import { readSnapshot } from '../../../tools/yard/snapshot.ts';
import { checkUnit } from '../../../tools/yard/unit-facts.ts';
import type { Config } from '../../config/config.ts';
import { openStore } from '../../infra/store/database.ts';
import { StoreError } from '../../infra/store/store-error.ts';
import { adviceOn, reasons } from './yard-checks.ts';

type Writing = {
  readonly json: boolean;
  readonly write: (text: string) => void;
  readonly timeoutMs: number;
};

/**
 * Reads the sheet as it is: what a caller would hear of each machine today, and each thing to mend
 * with what to do. Resolves with the exit code: 0 when nothing is to be mended.
 */
export async function reportSheet(
  { sheet, store, timeouts }: Config,
  { json, write, timeoutMs }: Writing,
): Promise<number> {
  const say = (line: Readonly<Record<string, unknown>>, text: string) =>
    write(`${json ? JSON.stringify(line) : text}\n`);
  const clock = { nowMs: () => Date.now() };
  try {
    const client = createSheetsClient({
      spreadsheetId: sheet.id,
      auth: sheet.auth,
      ...(sheet.baseUrl ? { baseUrl: sheet.baseUrl } : {}),
    });
    const { signal } = new AbortController();
    const settled = () => settledRows(store);
    const reading = { client, clock, signal, timeoutMs, settled };
    const { inventory, problems } = await loadInventory(reading);
    for (const { itemId, text } of heard(inventory, { clock, ...timeouts })) {
      say({ itemId, says: text }, `${itemId}: ${text}`);
    }
    for (const problem of problems) say({ ...problem }, textOf(problem));
    const toMend = problems.filter(({ isNotice }) => !isNotice).length;
    const sum = { ok: toMend === 0, machines: inventory.units.length, toMend };
    say(sum, `\n${verdict(sum)}`);
    return toMend === 0 ? 0 : 1;
  } catch (error) {
    const isFormat = error instanceof SheetFormatError;
    if (!isFormat && !(error instanceof SheetsError)) throw error;
    const what = isFormat ? error.message : reasons[error.code];
    const remedy = isFormat ? (toDoAbout(error) ?? '') : adviceOn(error.code, sheet.auth);
    say({ ok: false, code: error.code, what, remedy }, `${what}: ${remedy}.`);
    return 1;
  }
}

/** Without its store the sheet is read all the same, and each row holds as it stands. */
async function settledRows(place: Config['store']): Promise<ReadonlySet<string>> {
  try {
    await using store = await openStore(place);
    return await readSettledRows(store);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return new Set();
  }
}

function verdict({ machines, toMend }: { readonly machines: number; readonly toMend: number }) {
  const read = machines === 1 ? '1 machine is read' : `${machines} machines are read`;
  if (toMend === 0) return `${read}, nothing is to be mended.`;
  return `${read}, ${toMend === 1 ? '1 thing is' : `${toMend} things are`} to be mended.`;
}

function heard(
  inventory: Inventory,
  deps: { readonly clock: { nowMs(): number }; readonly inventoryMaxAgeMs: number },
) {
  const snapshot = readSnapshot({ ...deps, inventory: () => inventory });
  if (!snapshot) return [];
  const { today, currency } = snapshot;
  const about = { alternatives: [], range: { start: today, end: today }, isClosest: false };
  return snapshot.units.map((unit) => ({
    itemId: unit.itemId,
    text: foundSentence([[checkUnit(unit, snapshot, about.range)]], { ...about, today, currency }),
  }));
}

function textOf({ tab, row, column, what, why, remedy }: SheetProblem): string {
  const place = [tab, row > 0 ? `row ${row}` : '', column].filter((part) => part !== '').join(', ');
  return `${place}: ${what}; ${why}. To do: ${remedy}.`;
}
