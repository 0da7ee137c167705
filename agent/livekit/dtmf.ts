import { RoomEvent } from '@livekit/rtc-node';
import type { RemoteParticipant, Room } from '@livekit/rtc-node';

type DtmfOptions = {
  /** Whose keys count. */
  readonly identity: string;
  /** `0` was pressed, alone. */
  readonly onPerson: () => void;
  /** `1` or `2` was pressed, alone: yes or no, to who has asked for one. */
  readonly onAnswer: (isYes: boolean) => void;
  /** A number was keyed in to its end: its digits; several that came at once, with spaces between. */
  readonly onDigits: (digits: string) => void;
  /** A clock that never jumps. */
  readonly nowMs?: () => number;
};

/** The watch over the caller's keys. */
export type Keypad = {
  /** The agent answers: the caller's next turn begins. */
  readonly answered: () => void;
  readonly stop: () => void;
};

/** Says a number that was keyed in, as words of the caller. */
export function wordsOfDigits(digits: string): string {
  return `The number is ${digits}.`;
}

/** A number goes on after a pause shorter than this: people look the next digits up. */
const pauseMs = 2_000;
/** A `0`, `1` or `2` that nothing follows for this long was meant alone; numbers are keyed in quicker. */
const lonePauseMs = 1_000;
/** Fewer without a `#` are keys pressed by mistake, or out of habit with other menus. */
const fewestDigits = 4;
/**
 * E.164's longest number; in all of a turn no more are handed on. A longer entry, or one in pieces,
 * would be the number of a card, which nobody here is to have.
 */
const mostTurnDigits = 15;
/** Six telephone numbers, and more than the keys of anybody who answers questions with them. */
const mostMinuteDigits = 60;
/** An answer costs a request as a number does, and counts as so many: three a turn, twelve a minute. */
const answerDigits = 5;
/** Each entry that is handed on costs a request: those that end sooner after it wait, and go as one. */
const gatherMs = 2_000;

/**
 * Watches the caller's keys: `#` or a pause ends a number, `*` begins it anew. A `0` within a number
 * is a digit. An entry for which a turn or a minute has no room is left out whole.
 */
export function watchDtmf(room: Room, options: DtmfOptions): Keypad {
  const { identity, onPerson, onAnswer, onDigits, nowMs = () => performance.now() } = options;
  let entered = '';
  let ending: NodeJS.Timeout | undefined;
  let turnDigits = 0;
  let minute: { readonly atMs: number; readonly digits: number }[] = [];
  let waiting: string[] = [];
  let gathering: NodeJS.Timeout | undefined;

  const makesRoomFor = (digits: number) => {
    minute = minute.filter(({ atMs }) => nowMs() - atMs < 60_000);
    const inMinute = minute.reduce((sum, entry) => sum + entry.digits, 0);
    if (turnDigits + digits > mostTurnDigits || inMinute + digits > mostMinuteDigits) return false;
    turnDigits += digits;
    minute.push({ atMs: nowMs(), digits });
    return true;
  };
  const gather = () => {
    clearTimeout(gathering);
    gathering = setTimeout(handOn, gatherMs);
  };
  const handOn = () => {
    gathering = undefined;
    if (waiting.length === 0) return;
    const digits = waiting.join(' ');
    waiting = [];
    gather();
    onDigits(digits);
  };
  const take = (digits: string) => {
    if (!makesRoomFor(digits.length)) return;
    waiting.push(digits);
    if (gathering) gather();
    else handOn();
  };
  const finish = (isConfirmed: boolean) => {
    clearTimeout(ending);
    const digits = entered;
    entered = '';
    if (digits === '0') return onPerson();
    if (digits === '1' || digits === '2') {
      if (makesRoomFor(answerDigits)) onAnswer(digits === '1');
      return;
    }
    if (digits !== '' && (isConfirmed || digits.length >= fewestDigits)) take(digits);
  };
  const onKey = (_code: number, key: string, participant?: RemoteParticipant) => {
    if (participant?.identity !== identity) return;
    if (gathering) gather();
    if (key === '#') return finish(true);
    clearTimeout(ending);
    if (key === '*') entered = '';
    if (!/^\d$/.test(key)) return;
    // One more than the most is remembered: enough to know that it was too long.
    entered = (entered + key).slice(0, mostTurnDigits + 1);
    ending = setTimeout(() => finish(false), /^[012]$/.test(entered) ? lonePauseMs : pauseMs);
  };
  room.on(RoomEvent.DtmfReceived, onKey);
  return {
    answered: () => {
      turnDigits = 0;
    },
    stop: () => {
      clearTimeout(ending);
      clearTimeout(gathering);
      room.off(RoomEvent.DtmfReceived, onKey);
    },
  };
}
