import type { Generated } from 'kysely';

/** The tables as the queries see them; in the database the names are in snake_case. */
export type Schema = {
  readonly calls: CallsTable;
  readonly callEvents: CallEventsTable;
  readonly leases: LeasesTable;
  readonly snapshots: SnapshotsTable;
  readonly phrases: PhrasesTable;
};

/** One row a call, however many jobs served it. */
type CallsTable = {
  readonly callId: string;
  readonly room: string;
  /** The last four digits; the whole number is never stored here. */
  readonly callerNumberMasked: string | null;
  readonly startedAtMs: number;
  readonly answeredAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly result: string | null;
  readonly reason: string | null;
  readonly endedBy: string | null;
  readonly turns: number | null;
  /** JSON. */
  readonly summary: string | null;
  readonly jobId: string | null;
  readonly epoch: number;
};

/** The timeline of a call. */
type CallEventsTable = {
  readonly id: Generated<number>;
  readonly callId: string;
  readonly atMs: number;
  readonly event: string;
  /** JSON. */
  readonly data: string | null;
};

/** A row outlives its lease: it keeps the epoch, which must never go back. */
type LeasesTable = {
  readonly name: string;
  readonly holder: string | null;
  readonly epoch: number;
  readonly expiresAtMs: number;
};

/** What jobs read and the supervisor keeps fresh, such as the yard's inventory. */
type SnapshotsTable = {
  readonly name: string;
  readonly json: string;
  readonly savedAtMs: number;
};

/** Speech synthesised before it is needed: 16-bit mono PCM. */
type PhrasesTable = {
  readonly key: string;
  readonly text: string;
  readonly provider: string;
  readonly model: string;
  readonly voice: string;
  readonly sampleRateHz: number;
  readonly pcm: Uint8Array;
  readonly createdAtMs: number;
};

/** Which database the store lives in. */
export type StoreDialect = 'sqlite' | 'postgres';

/** The column types that the two databases spell differently. */
type ColumnTypes = { readonly int: string; readonly bytes: string; readonly rowId: string };

/** How each database spells them. */
export const columnTypes: Readonly<Record<StoreDialect, ColumnTypes>> = {
  sqlite: { int: 'integer', bytes: 'blob', rowId: 'integer primary key autoincrement' },
  postgres: {
    int: 'bigint',
    bytes: 'bytea',
    rowId: 'bigint generated always as identity primary key',
  },
};

/** One step of the schema. Once released it never changes; the next step comes after it. */
export type Migration = {
  readonly version: number;
  readonly name: string;
  statements(types: ColumnTypes): readonly string[];
};

/**
 * All steps, in order. A step only adds (tables, indexes, columns that may be null): during a
 * deploy the release before it goes on with its calls on the new schema.
 */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'calls, leases, snapshots, phrases',
    statements: ({ int, bytes, rowId }) => [
      `create table calls (
        call_id text primary key,
        room text not null,
        caller_number_masked text,
        started_at_ms ${int} not null,
        answered_at_ms ${int},
        ended_at_ms ${int},
        result text,
        reason text,
        ended_by text,
        turns ${int},
        summary text,
        job_id text,
        epoch ${int} not null
      )`,
      `create index calls_open on calls (started_at_ms) where ended_at_ms is null`,
      // No reference to calls: an event that comes before its call's row must not be lost.
      `create table call_events (
        id ${rowId},
        call_id text not null,
        at_ms ${int} not null,
        event text not null,
        data text
      )`,
      `create index call_events_of_call on call_events (call_id, at_ms)`,
      `create table leases (
        name text primary key,
        holder text,
        epoch ${int} not null,
        expires_at_ms ${int} not null
      )`,
      `create table snapshots (
        name text primary key,
        json text not null,
        saved_at_ms ${int} not null
      )`,
      `create table phrases (
        key text primary key,
        text text not null,
        provider text not null,
        model text not null,
        voice text not null,
        sample_rate_hz ${int} not null,
        pcm ${bytes} not null,
        created_at_ms ${int} not null
      )`,
    ],
  },
];
