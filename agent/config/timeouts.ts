/**
 * Every time budget, in milliseconds (`gapMaxAttempts` is a count), with its reason. Each can be
 * set by an environment variable of the same name in capitals: `connectMs` by `CONNECT_MS`.
 */
export const defaultTimeouts = {
  /** The caller hears ringing meanwhile; past this a fresh job is faster. */
  connectMs: 5_000,
  /** Resolves in 30-100 ms when healthy; carriers give up after 12-30 s of ringing. */
  sessionStartMs: 10_000,
  /** Past this the call goes on without the list, and says so only when asked. */
  equipmentLoadMs: 3_000,
  /** No tool may keep the caller in silence longer; a filler sentence comes at 1_500. */
  toolMs: 6_000,
  /** The caller waits so long for the sheet before the booking is spoken as pending. */
  confirmBookingMs: 2_500,
  /** Age at which the snapshot is refreshed; a booking marks it stale at once. */
  inventoryTtlMs: 30_000,
  /** Past this the agent says that it must check and call back. */
  inventoryMaxAgeMs: 900_000,
  /** Must stay below the SIP gateway's media timeout. */
  audioGapMs: 5_000,
  /**
   * The SIP gateway hangs up after this long without a packet: it says what `media_timeout` in
   * livekit-sip's configuration is, and does not set it.
   */
  sipMediaTimeoutMs: 15_000,
  /** A recovery must never become a loop. */
  gapCooldownMs: 60_000,
  gapMaxAttempts: 3,
  /** While a recovery runs no other timer may end the call. */
  livenessPauseMs: 60_000,
  /** "Are you still there?", twice, then a polite end. */
  callerSilentMs: 15_000,
  /** An end to every call, with a spoken warning one minute before. */
  maxCallMs: 7_200_000,
  /** Ringing at the person whom a caller is put through to; in whole seconds for the gateway. */
  transferMs: 25_000,
  /** Playout of the goodbye. */
  goodbyeMs: 8_000,
  /** The whole close while the caller is there, after which the process leaves by force. */
  closeMs: 15_000,
  /** The caller is gone: the record is written, then the process leaves by force. */
  hangupCloseMs: 2_000,
  /** No sign at all of a job on the line after a dispatch: dispatch again. */
  pickupMs: 2_000,
  /** A caller whom the attendant has greeted waits so long for a job before they are called back. */
  pickupPatienceMs: 20_000,
  /** Below Railway's draining seconds (1_800). */
  drainMs: 1_740_000,
} as const;

/**
 * Times, in milliseconds, that several files or processes must agree on; their relations are tested.
 * No variable sets them. A time that one file alone needs stays there.
 */
export const sharedTimes = {
  /**
   * A job that was asked for has this long before the attendant answers in its place. A warm one is in
   * the room within 0.35 s of the request on an idle machine, and few start at a time
   * (`startsAtOnce`). When all started together the attendant made the jobs themselves late.
   */
  attendantHeadStartMs: 1_000,
  /** A job that gives its call away waits so long for the fresh one: warm 0.6 s, forked first 2 s. */
  freshJobMs: 8_000,
  /** The end of a turn is waited for so long before a call changes hands: a caller may talk a while. */
  turnEndMs: 20_000,
  /** The sentence that tells a caller of a hand-over. */
  handOverNoticeMs: 12_000,
  /** The lease of a call passes to the fresh job; how it came out is looked up after this. */
  leaseTransferMs: 2_000,
  /** The fresh job waits for the call: for two ends of a turn, and for the notice between them. */
  standbyMs: 55_000,
  /** The guardian takes a job that still waits for its call then for a stuck one. */
  stuckStandbyMs: 60_000,
  /** A guardian acts alone for a room: until the job that it sent for reports in, and little longer. */
  guardianLeaseMs: 5_000,
  /** Without a store: longer than another guardian takes to get a job into a room that it knows of. */
  aloneInRoomMs: 3_000,
  /** Jobs whose supervisor is gone look for the next one so often, at least. */
  lineRetryMs: 2_000,
  /** The last words to a caller whose call is cut short. */
  lastWordsMs: 2_200,
  /** A polite end in a hurry: the last words, the note to call back, and the hang-up. */
  politeEndMs: 2_500,
  /** Railway sends SIGKILL so long after SIGTERM when its draining seconds are 0. */
  leastGraceMs: 3_000,
  /** A supervisor looks so often for what another one's sheet writer did to a booking. */
  bookingLookMs: 200,
} as const;

/** The name of a budget. */
export type TimeoutName = keyof typeof defaultTimeouts;

/** All names, in the order of the table. */
export const timeoutNames = Object.keys(defaultTimeouts) as readonly TimeoutName[];

/** All budgets, as configured. */
export type Timeouts = Readonly<Record<TimeoutName, number>>;

/** The environment variable that sets a budget: `connectMs` -> `CONNECT_MS`. */
export function timeoutVariable(name: TimeoutName): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/**
 * The relations that make the budgets work together; one sentence for each that does not hold. They
 * are a warning at start, not an error: a test or an operator may shorten one budget alone.
 */
export function brokenRelations(t: Timeouts): string[] {
  const mustBeBelow: [TimeoutName, number, string][] = [
    [
      'audioGapMs',
      t.sipMediaTimeoutMs,
      `SIP_MEDIA_TIMEOUT_MS (${inThousands(t.sipMediaTimeoutMs)}): the gateway hangs up then`,
    ],
    [
      'sipMediaTimeoutMs',
      t.livenessPauseMs,
      'LIVENESS_PAUSE_MS: a caller on hold is not silent before the gateway hangs up',
    ],
    ['goodbyeMs', t.closeMs, 'CLOSE_MS: the goodbye is a part of the close'],
    ['hangupCloseMs', t.closeMs, 'CLOSE_MS: nobody waits for a caller who is gone'],
    ['pickupMs', t.connectMs, 'CONNECT_MS: no sign of a job is noticed before a slow connect is'],
    ['confirmBookingMs', t.toolMs, 'TOOL_MS: the confirmation is a part of the tool'],
    [
      'inventoryTtlMs',
      t.inventoryMaxAgeMs,
      'INVENTORY_MAX_AGE_MS: a refresh comes before it is too old',
    ],
    ['closeMs', t.drainMs, 'DRAIN_MS: a drain must outlast one close'],
  ];
  return mustBeBelow
    .filter(([name, limitMs]) => t[name] >= limitMs)
    .map(
      ([name, , limit]) =>
        `${timeoutVariable(name)} (${inThousands(t[name])}) must be below ${limit}`,
    );
}

/** With commas: seven digits in a row would be taken for a telephone number, and masked. */
function inThousands(ms: number): string {
  return ms.toLocaleString('en-US');
}
