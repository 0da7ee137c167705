import { z } from 'zod';
import type { StoreQueries } from '../../../agent/infra/store/database.ts';
import { saveSnapshot } from '../../../agent/infra/store/snapshots.ts';

/**
 * Something about the sheet that its owner should see to: where, what is wrong, what follows from it
 * until then, and what to do. None of the texts holds what a cell says: that may be personal.
 */
export type SheetProblem = {
  readonly tab: string;
  /** The sheet's own number, from 1; 0 when the problem is the tab as a whole. */
  readonly row: number;
  /** The column's name; empty when it is about the whole row or tab. */
  readonly column: string;
  /** The fault, as a clause: `not a date`. */
  readonly what: string;
  /** The consequence until it is mended: `the machine is held on every day`. */
  readonly why: string;
  /** The owner's next step: `write the day as 2026-12-04`. */
  readonly remedy: string;
  /** The owner is told once, and nobody is alerted: nothing is wrong. */
  readonly isNotice?: boolean | undefined;
  /** A fingerprint of the row's cells, by which `bookings --settle` knows it again; else absent. */
  readonly rowKey?: string | undefined;
};

/** The reporters. Each replaces its own list and nobody else's. */
export type ProblemSource = 'sheet' | 'bookings' | 'messages';

const problemSchema = z.object({
  tab: z.string(),
  row: z.number(),
  column: z.string(),
  what: z.string(),
  why: z.string(),
  remedy: z.string(),
  isNotice: z.boolean().optional(),
  rowKey: z.string().optional(),
});

const prefix = 'problems ';

/** Replaces what `source` has reported. @throws {StoreError}. */
export async function saveProblems(
  store: StoreQueries,
  source: ProblemSource,
  { problems, nowMs }: { readonly problems: readonly SheetProblem[]; readonly nowMs: number },
): Promise<void> {
  await saveSnapshot(store, { name: `${prefix}${source}`, json: problems, savedAtMs: nowMs });
}

/** All that is reported now, by every source. @throws {StoreError}. */
export async function readProblems({ db }: StoreQueries): Promise<readonly SheetProblem[]> {
  const rows = await db
    .selectFrom('snapshots')
    .select('json')
    .where('name', 'like', `${prefix}%`)
    .orderBy('name', 'desc')
    .execute();
  return rows.flatMap(({ json }) => {
    const parsed = z.array(problemSchema).safeParse(JSON.parse(json));
    return parsed.success ? parsed.data : [];
  });
}
