import type { Generated } from 'kysely';

/** The tables as the queries see them; in the database the names are in snake_case. */
export type Schema = {
  readonly calls: CallsTable;
  readonly callEvents: CallEventsTable;
  readonly leases: LeasesTable;
  readonly snapshots: SnapshotsTable;
  readonly phrases: PhrasesTable;
  readonly bookings: BookingsTable;
  readonly bookedDays: BookedDaysTable;
  readonly messages: MessagesTable;
  readonly outbox: OutboxTable;
  readonly statusMarks: StatusMarksTable;
  readonly confirmations: ConfirmationsTable;
  readonly textConsents: TextConsentsTable;
  readonly lookupMisses: LookupMissesTable;
  readonly offRents: OffRentsTable;
  readonly callStates: CallStatesTable;
  readonly transcripts: TranscriptsTable;
  readonly callWords: CallWordsTable;
  readonly callBacks: CallBacksTable;
  readonly figures: FiguresTable;
  readonly audits: AuditsTable;
  readonly deskTokens: DeskTokensTable;
};

/** One row a call, however many jobs served it. */
type CallsTable = {
  readonly callId: string;
  readonly room: string;
  /** The last four digits. */
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
  /** The caller's number as it came; gone after 90 days, when `phoneHash` stands for it. */
  readonly phone: string | null;
  /** Its last ten digits: what it is found by. Gone with it. */
  readonly phoneKey: string | null;
  /** Keyed hash of `phoneKey`, in its place. */
  readonly phoneHash: string | null;
  /** 1: a call of the yard's own, to try the agent. */
  readonly isTest: number | null;
  /** The ledger's word on the call, and what follows to the end: null until the call is settled. */
  readonly outcome: string | null;
  /** The yard's day of the ring. */
  readonly day: string | null;
  readonly talkMs: number | null;
  readonly firstWordMs: number | null;
  readonly turnP50Ms: number | null;
  readonly turnP95Ms: number | null;
  /** The longest that the caller waited for an answer. */
  readonly longestWaitMs: number | null;
  readonly takeovers: number | null;
  readonly handovers: number | null;
  /** 0 or 1, as the next three. */
  readonly hasBooking: number | null;
  readonly hasMessage: number | null;
  readonly isSlow: number | null;
  readonly isSilent: number | null;
  /** The row of `callWords`. */
  readonly wordsId: number | null;
};

/** A call as it went: words, tools and turns. */
type TranscriptsTable = {
  readonly id: Generated<number>;
  readonly callId: string;
  readonly atMs: number;
  readonly kind: 'line' | 'turn' | 'tool';
  /** JSON. */
  readonly data: string;
};

/** The words of a call, to search: FTS5 in SQLite, a tsvector in Postgres. */
type CallWordsTable = {
  /** In SQLite the rowid. Grows with the calls' beginnings. */
  readonly id: number;
  readonly words: string;
};

/** Callers to call back: one a number and day; of a caller without a number, one a call. */
type CallBacksTable = {
  readonly id: Generated<number>;
  /** The number's last ten digits; of a caller without one, the call's id. */
  readonly callerKey: string;
  readonly day: string;
  readonly phone: string | null;
  readonly customer: string | null;
  /** The last one of most weight. */
  readonly reason: string;
  /** Their wish, in words: of their messages. */
  readonly wish: string | null;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly tries: number;
  /** 3: now (an emergency); 2: our doing; 1: they asked; 0: they gave up. */
  readonly urgency: number;
  readonly callId: string;
  readonly state: 'open' | 'done' | 'dismissed' | 'answered';
  readonly note: string | null;
  readonly settledBy: string | null;
  readonly settledAtMs: number | null;
};

/** Counts by the yard's day and hour; nothing of a caller's in it. */
type FiguresTable = {
  /** `2026-12-01`, or `2026-12` for the month as a whole. */
  readonly day: string;
  /** Of outcomes; 0 for the other measures. */
  readonly hour: number;
  readonly measure: string;
  /** An outcome, or the upper bound of a span of milliseconds. */
  readonly value: string;
  readonly calls: number;
};

/** A deed of a person at the desk. */
type AuditsTable = {
  readonly id: Generated<number>;
  readonly atMs: number;
  readonly madeBy: string;
  readonly action: string;
  /** A code, an id: never a caller's name or number. */
  readonly subject: string;
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

/** Lists that jobs read and the supervisor keeps fresh, such as the yard's inventory. */
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

/** The journal of bookings made on the phone. Days are ISO dates, both included. */
type BookingsTable = {
  /** The code that the caller has; of a booking with several machines, with `-1`, `-2` behind it. */
  readonly bookingId: string;
  /** Null once cancelled: the same booking may be made again. */
  readonly idempotencyKey: string | null;
  readonly callId: string;
  readonly itemId: string;
  readonly itemName: string;
  readonly startDay: string;
  readonly endDay: string;
  readonly customer: string;
  readonly phone: string;
  /** The last ten digits of `phone`: what it is found by. */
  readonly phoneKey: string;
  /** The same of the number that the call came from; null when that was withheld. */
  readonly callerKey: string | null;
  readonly totalCents: number;
  readonly state: 'pending' | 'confirmed' | 'conflict' | 'cancelled';
  /** The reason that staff's sheet and the booking do not go together. */
  readonly conflict: string | null;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  /** The booking's row was last on its way to the sheet then, with no answer yet. */
  readonly sentAtMs: number | null;
  /**
   * JSON: what the row in the sheet may still show, oldest first, while a change is on its way there.
   * Null when the sheet was last seen to show the booking as it is here.
   */
  readonly superseded: string | null;
  /** A person dealt with the conflict then. */
  readonly resolvedAtMs: number | null;
  /** The off-rent number that the caller has; null while the rental was not called off. */
  readonly offRentCode: string | null;
  /** The staff's own rental, by its id in the sheet, that these days continue until staff confirm. */
  readonly continues: string | null;
  /** JSON: delivery, job, order number and notes. */
  readonly details: string | null;
};

/** Rentals that were called off rent, those of staff's own rows too: each once. */
type OffRentsTable = {
  /** The booking's line; of a rental that staff wrote, its row's id, machine and first day. */
  readonly rentalKey: string;
  /** The off-rent number: the same for all machines of one call-off. */
  readonly code: string;
  readonly callId: string;
  readonly itemId: string;
  readonly itemName: string;
  readonly customer: string;
  readonly phone: string;
  readonly calledAtMs: number;
};

/** Codes and names that were no booking's, by the number that asked: guessing has an end. */
type LookupMissesTable = {
  readonly id: Generated<number>;
  /** The last ten digits of the number; empty when it was withheld. */
  readonly callerKey: string;
  readonly atMs: number;
};

/** One row for each day that a live booking holds a unit: the key makes an overlap impossible. */
type BookedDaysTable = {
  readonly itemId: string;
  readonly day: string;
  readonly bookingId: string;
};

/** Callers' messages for the staff. */
type MessagesTable = {
  readonly code: string;
  readonly callId: string;
  readonly customer: string | null;
  readonly phone: string | null;
  readonly text: string;
  /** The same for a message that is taken twice; null in rows of before there was one. */
  readonly idempotencyKey: string | null;
  readonly createdAtMs: number;
  readonly sentAtMs: number | null;
  readonly deliveredAtMs: number | null;
  readonly resolvedAtMs: number | null;
  /**
   * What the message is, where it is no wish: `urgent`; `call-back`, our own note that somebody is to be
   * called; `put-through`, told to the person who took the call.
   */
  readonly kind: 'urgent' | 'call-back' | 'put-through' | null;
};

/** Changes that the sheet does not show yet: each row names one booking or message. */
type OutboxTable = {
  readonly id: Generated<number>;
  readonly kind: 'booking' | 'message';
  /** The booking's id, or the message's code. */
  readonly ref: string;
  readonly notBeforeMs: number;
  readonly createdAtMs: number;
};

/** Bookings and what was done with them, on their way to `CONFIRMATION_WEBHOOK_URL`. */
type ConfirmationsTable = {
  readonly id: Generated<number>;
  /** The `webhook-id`: the same in each attempt. */
  readonly eventId: string;
  readonly code: string;
  readonly kind: string;
  /** JSON: the booking as it was then. Null while the sheet does not show it yet. */
  readonly facts: string | null;
  readonly notBeforeMs: number;
  readonly attempts: number;
  readonly createdAtMs: number;
  readonly gaveUpAtMs: number | null;
};

/** The last word of whoever has a number on texts to it. */
type TextConsentsTable = {
  /** As in `bookings`. */
  readonly phoneKey: string;
  /** 1 for a yes to the question, 0 for a no or a withdrawal. */
  readonly isWelcome: number;
  /** The booking for which it was asked. */
  readonly code: string | null;
  readonly callId: string;
  readonly atMs: number;
};

/**
 * The units whose `Status` we set to `RENTED`, and for which booking. `setting`: on its way;
 * `set`: read back; `released`: set back, or taken over by staff, so never set again for it.
 */
type StatusMarksTable = {
  readonly itemId: string;
  readonly bookingKey: string;
  readonly state: 'setting' | 'set' | 'released';
  readonly endDay: string;
};

/** A live call's talk so far, for the job that goes on with it. Gone with the call. */
type CallStatesTable = {
  readonly callId: string;
  /** The writing job's: an older one writes no more. */
  readonly epoch: number;
  /** JSON, with the version of its shape. */
  readonly json: string;
  readonly savedAtMs: number;
};

/** Secrets that let somebody in at the desk, by their hash. */
type DeskTokensTable = {
  readonly tokenHash: string;
  readonly kind: 'session' | 'link' | 'device' | 'calendar';
  /** Whose it is, as they said when they signed in. */
  readonly name: string | null;
  readonly passwordKey: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
};

/** The databases that the store can live in. */
export type StoreDialect = 'sqlite' | 'postgres';

/** The column types that the two databases spell differently. */
type ColumnTypes = {
  readonly int: string;
  readonly bytes: string;
  readonly rowId: string;
  /** The statements that make `call_words`. */
  readonly words: readonly string[];
};

/** The column types in each database's spelling. */
export const columnTypes: Readonly<Record<StoreDialect, ColumnTypes>> = {
  sqlite: {
    int: 'integer',
    bytes: 'blob',
    rowId: 'integer primary key autoincrement',
    words: [
      `create virtual table call_words using fts5 (words, tokenize = 'unicode61 remove_diacritics 2')`,
      // A deleted call's words are gone from the index too, not only marked.
      `insert into call_words (call_words, rank) values ('secure-delete', 1)`,
    ],
  },
  postgres: {
    int: 'bigint',
    bytes: 'bytea',
    rowId: 'bigint generated always as identity primary key',
    words: [
      `create table call_words (id bigint primary key, words tsvector not null)`,
      `create index call_words_of on call_words using gin (words)`,
    ],
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
  {
    version: 2,
    name: 'bookings, messages, outbox, status marks',
    statements: ({ int, rowId }) => [
      `create table bookings (
        booking_id text primary key,
        idempotency_key text unique,
        call_id text not null,
        item_id text not null,
        item_name text not null,
        start_day text not null,
        end_day text not null,
        customer text not null,
        phone text not null,
        phone_key text not null,
        total_cents ${int} not null,
        state text not null
          check (state in ('pending', 'confirmed', 'conflict', 'cancelled')),
        conflict text,
        created_at_ms ${int} not null,
        changed_at_ms ${int} not null,
        sent_at_ms ${int},
        resolved_at_ms ${int},
        check (start_day <= end_day)
      )`,
      `create index bookings_of_item on bookings (item_id, end_day)`,
      `create index bookings_of_phone on bookings (phone_key)`,
      `create index bookings_by_state on bookings (state, end_day)`,
      `create table booked_days (
        item_id text not null,
        day text not null,
        booking_id text not null references bookings (booking_id),
        primary key (item_id, day)
      )`,
      `create index booked_days_of_booking on booked_days (booking_id)`,
      `create table messages (
        code text primary key,
        call_id text not null,
        customer text,
        phone text,
        text text not null,
        created_at_ms ${int} not null,
        sent_at_ms ${int},
        delivered_at_ms ${int},
        resolved_at_ms ${int}
      )`,
      `create table outbox (
        id ${rowId},
        kind text not null check (kind in ('booking', 'message')),
        ref text not null,
        not_before_ms ${int} not null,
        created_at_ms ${int} not null
      )`,
      `create table status_marks (
        item_id text not null,
        booking_key text not null,
        state text not null check (state in ('setting', 'set', 'released')),
        end_day text not null,
        primary key (item_id, booking_key)
      )`,
    ],
  },
  {
    version: 3,
    name: 'call states',
    statements: ({ int }) => [
      `create table call_states (
        call_id text primary key,
        epoch ${int} not null,
        json text not null,
        saved_at_ms ${int} not null
      )`,
    ],
  },
  {
    version: 4,
    name: 'a message is kept once',
    statements: () => [
      `alter table messages add column idempotency_key text`,
      `create unique index messages_by_key on messages (idempotency_key)`,
    ],
  },
  {
    version: 5,
    name: 'bookings are changed, and looked up by whoever they are of',
    statements: ({ int, rowId }) => [
      `alter table bookings add column superseded text`,
      `alter table bookings add column caller_key text`,
      `create index bookings_of_call on bookings (call_id)`,
      `create index bookings_of_caller on bookings (caller_key)`,
      `create table lookup_misses (
        id ${rowId},
        caller_key text not null,
        at_ms ${int} not null
      )`,
      `create index lookup_misses_of_caller on lookup_misses (caller_key, at_ms)`,
    ],
  },
  {
    version: 6,
    name: 'rentals are called off rent, and those of staff continued',
    statements: ({ int }) => [
      `alter table bookings add column off_rent_code text`,
      `alter table bookings add column continues text`,
      `create table off_rents (
        rental_key text primary key,
        code text not null,
        call_id text not null,
        item_id text not null,
        item_name text not null,
        customer text not null,
        phone text not null,
        called_at_ms ${int} not null
      )`,
    ],
  },
  {
    version: 7,
    name: 'delivery, job, order number and notes of a booking',
    statements: () => [`alter table bookings add column details text`],
  },
  {
    version: 8,
    name: 'the ledger: every ring, its words, call-backs, figures',
    statements: ({ int, rowId, words }) => [
      ...['phone', 'phone_key', 'phone_hash', 'outcome', 'day'].map(
        (column) => `alter table calls add column ${column} text`,
      ),
      ...[
        'is_test',
        'talk_ms',
        'first_word_ms',
        'turn_p50_ms',
        'turn_p95_ms',
        'longest_wait_ms',
        'takeovers',
        'handovers',
        'has_booking',
        'has_message',
        'is_slow',
        'is_silent',
        'words_id',
      ].map((column) => `alter table calls add column ${column} ${int}`),
      // All that the desk filters by: the rows of a page alone are read from the table.
      `create index calls_by_start on calls (started_at_ms, call_id, outcome, result, reason,
        talk_ms, has_booking, has_message, is_slow, is_silent, is_test)`,
      `create index calls_by_digits on calls (caller_number_masked, started_at_ms)`,
      `create index calls_by_number on calls (phone_key, started_at_ms)`,
      `create index calls_by_hash on calls (phone_hash) where phone_hash is not null`,
      `create unique index calls_by_words on calls (words_id)`,
      `create index calls_unsettled on calls (ended_at_ms)
        where outcome is null and ended_at_ms is not null`,
      `create index messages_of_call on messages (call_id)`,
      `create table transcripts (
        id ${rowId},
        call_id text not null,
        at_ms ${int} not null,
        kind text not null,
        data text not null
      )`,
      `create index transcripts_of_call on transcripts (call_id, id)`,
      ...words,
      `create table call_backs (
        id ${rowId},
        caller_key text not null,
        day text not null,
        phone text,
        customer text,
        reason text not null,
        wish text,
        first_at_ms ${int} not null,
        last_at_ms ${int} not null,
        tries ${int} not null,
        urgency ${int} not null,
        call_id text not null,
        state text not null check (state in ('open', 'done', 'dismissed', 'answered')),
        note text,
        settled_by text,
        settled_at_ms ${int},
        unique (caller_key, day)
      )`,
      `create index call_backs_open on call_backs (urgency, first_at_ms) where state = 'open'`,
      `create index call_backs_settled on call_backs (settled_at_ms) where state <> 'open'`,
      `create table figures (
        day text not null,
        hour ${int} not null,
        measure text not null,
        value text not null,
        calls ${int} not null,
        primary key (day, hour, measure, value)
      )`,
      `create table audits (
        id ${rowId},
        at_ms ${int} not null,
        made_by text not null,
        action text not null,
        subject text not null
      )`,
    ],
  },
  {
    version: 9,
    name: 'confirmations to take away, and who wants texts',
    statements: ({ int, rowId }) => [
      `create table confirmations (
        id ${rowId},
        event_id text not null unique,
        code text not null,
        kind text not null,
        facts text,
        not_before_ms ${int} not null,
        attempts ${int} not null,
        created_at_ms ${int} not null,
        gave_up_at_ms ${int}
      )`,
      `create index confirmations_of_code on confirmations (code)`,
      `create index confirmations_due on confirmations (not_before_ms)`,
      `create table text_consents (
        phone_key text primary key,
        is_welcome ${int} not null,
        code text,
        call_id text not null,
        at_ms ${int} not null
      )`,
    ],
  },
  {
    version: 10,
    name: 'who may see the desk',
    statements: ({ int }) => [
      `create table desk_tokens (
        token_hash text primary key,
        kind text not null check (kind in ('session', 'link', 'device', 'calendar')),
        name text,
        password_key text not null,
        created_at_ms ${int} not null,
        expires_at_ms ${int}
      )`,
      `create index audits_of_subject on audits (subject)`,
    ],
  },
  {
    version: 11,
    name: 'calls whose number is still to be hashed',
    statements: () => [
      `create index calls_to_hash on calls (started_at_ms)
        where phone_key is not null or words_id is not null`,
    ],
  },
  {
    version: 12,
    name: 'figures by month',
    statements: () => [
      `insert into figures (day, hour, measure, value, calls)
        select substr(day, 1, 7), case when measure = 'outcome' then hour else 0 end,
          measure, value, sum(calls)
        from figures group by 1, 2, 3, 4`,
    ],
  },
  {
    version: 13,
    name: 'what a message is',
    statements: () => [`alter table messages add column kind text`],
  },
];
