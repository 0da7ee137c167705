import { RoomEvent } from '@livekit/rtc-node';
import type { RemoteParticipant, Room } from '@livekit/rtc-node';

/** What the caller's keys come to. */
export type DtmfEvents = {
  /** `0` was pressed, alone. */
  onPerson(): void;
  /** `1` or `2` was pressed, alone: yes or no, to who has asked for one. */
  onAnswer?(isYes: boolean): void;
  /** A number was keyed in to its end: digits only. */
  onDigits(digits: string): void;
};

/** What pressing `0` says, as words of the caller. */
export const PERSON_WANTED = "I'd like to speak to a person.";

/** What keying in a number says, as words of the caller. */
export function wordsOfDigits(digits: string): string {
  return `The number is ${digits}.`;
}

/** A number goes on after a pause shorter than this: people look the next digits up. */
const pauseMs = 2_000;
/** A `0`, `1` or `2` that nothing follows for this long was meant alone; keying in a number is quicker. */
const lonePauseMs = 1_000;
/** Fewer without a `#` are keys pressed by mistake, or out of habit with other menus. */
const fewestDigits = 4;
/** E.164's longest number. A longer entry would be that of a card, which nobody here is to have. */
const mostDigits = 15;

/**
 * Watches the caller's keys: `#` or a pause ends a number, `*` begins it anew. A `0` within a number
 * is a digit. Returns what stops the watch.
 */
export function watchDtmf(room: Room, identity: string, events: DtmfEvents): () => void {
  let entered = '';
  let timer: NodeJS.Timeout | undefined;
  const finish = (isConfirmed: boolean) => {
    clearTimeout(timer);
    const digits = entered;
    entered = '';
    if (digits === '0') events.onPerson();
    else if (digits === '1' || digits === '2') events.onAnswer?.(digits === '1');
    else if (digits === '' || digits.length > mostDigits) return;
    else if (isConfirmed || digits.length >= fewestDigits) events.onDigits(digits);
  };
  const onKey = (_code: number, key: string, participant?: RemoteParticipant) => {
    if (participant?.identity !== identity) return;
    if (key === '#') return finish(true);
    clearTimeout(timer);
    if (key === '*') entered = '';
    if (!/^\d$/.test(key)) return;
    // One more than the most is remembered: enough to know that it was too long.
    entered = (entered + key).slice(0, mostDigits + 1);
    timer = setTimeout(() => finish(false), /^[012]$/.test(entered) ? lonePauseMs : pauseMs);
  };
  room.on(RoomEvent.DtmfReceived, onKey);
  return () => {
    clearTimeout(timer);
    room.off(RoomEvent.DtmfReceived, onKey);
  };
}
