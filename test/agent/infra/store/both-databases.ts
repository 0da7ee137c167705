import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe } from 'node:test';
import { openStore, type Store } from '../../../../agent/infra/store/database.ts';
import type { StoreDialect } from '../../../../agent/infra/store/schema.ts';
import { createSchema, postgresForDatabases } from '../../../harness/yard/postgres.ts';

/** What `openStore` takes; plain data, so that it can be handed to another process. */
export type StorePlace = { readonly dataDir: string; readonly databaseUrl?: string };

/** One of the two databases, as the tests use it. Everything is gone after the suite. */
export type TestDatabase = {
  readonly dialect: StoreDialect;
  /** A place where no store was opened yet. */
  readonly newPlace: () => Promise<StorePlace>;
  /** A store in a new place. Open it with `await using`. */
  readonly newStore: () => Promise<Store>;
};

/** Runs the same tests on SQLite and on a real Postgres. */
export function onBothDatabases(suite: (database: TestDatabase) => void): void {
  for (const dialect of ['sqlite', 'postgres'] as const) {
    describe(dialect, () => {
      let folder = '';
      let postgres: Awaited<ReturnType<typeof postgresForDatabases>> | undefined;
      let databaseUrl: string | undefined;
      before(async () => {
        folder = await mkdtemp(path.join(os.tmpdir(), 'pickup-store-'));
        if (dialect !== 'postgres') return;
        postgres = await postgresForDatabases();
        databaseUrl = await postgres.createDatabase();
      });
      after(async () => {
        await postgres?.stop();
        await rm(folder, { recursive: true, force: true });
      });
      const newPlace = async () => ({
        dataDir: await mkdtemp(path.join(folder, 'data-')),
        ...(databaseUrl ? { databaseUrl: await createSchema(databaseUrl) } : {}),
      });
      suite({ dialect, newPlace, newStore: async () => openStore(await newPlace()) });
    });
  }
}
