import { sql } from 'kysely';
import type { StoreQueries } from './database.ts';

/** A table as it is in the database, with its columns; names in snake_case. */
export type Table = {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly isText: boolean }[];
};

/** All tables but the index of words and the list of migrations; those of other parts too. */
export async function readTables({ db, dialect }: StoreQueries): Promise<readonly Table[]> {
  type Found = { readonly table: string; readonly column: string; readonly type: string };
  const found =
    dialect === 'sqlite'
      ? sql<Found>`
          select m.name as "table", c.name as "column", c.type as "type" from sqlite_master m
          join pragma_table_info(m.name) c where m.type = 'table'`
      : sql<Found>`
          select table_name as "table", column_name as "column", data_type as "type"
          from information_schema.columns where table_schema = current_schema()`;
  const tables = new Map<string, { name: string; isText: boolean }[]>();
  for (const { table, column: name, type } of (await found.execute(db)).rows) {
    if (/^(sqlite_|call_words|schema_migrations)/.test(table)) continue;
    const isText = type.toLowerCase() === 'text';
    tables.set(table, [...(tables.get(table) ?? []), { name, isText }]);
  }
  return [...tables].map(([name, columns]) => ({ name, columns }));
}
