import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Yard } from '../harness/yard/yard.ts';

/** Holds the store's write lock, as another process in the middle of a long commit would. */
export function lockStore({ env }: Yard): Disposable {
  const db = new DatabaseSync(join(env['DATA_DIR'] ?? '', 'pickup.sqlite'), { timeout: 5_000 });
  db.exec('begin immediate');
  return {
    [Symbol.dispose]: () => {
      if (!db.isOpen) return;
      db.exec('rollback');
      db.close();
    },
  };
}
