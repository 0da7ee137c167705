import { appendRows, isOnItsWay } from './append.ts';
import type { DeliveryDeps } from './delivery.ts';
import { putOff, settleMessage, type DueMessage } from '../../journal/outbox.ts';
import { messageCells, rowsToAppend } from './sheet-rows.ts';
import { messageHeader } from './sheet-view.ts';

const withMessages = { withMessages: true } as const;

/**
 * Adds what callers left for the staff to `Messages`, each once, in the manner of bookings.
 * @throws {SheetsError} and {SheetFormatError}; what was not settled stays due.
 */
export async function deliverMessages(
  deps: DeliveryDeps,
  due: readonly DueMessage[],
): Promise<void> {
  const { store, hand, log, clock, settleMs } = deps;
  const before = await hand.read(withMessages);
  const missing = due.filter(({ message }) => before.messages.rowsWith(message.code).length === 0);
  const waiting = missing.filter(({ message }) => isOnItsWay(message.sentAtMs, deps));
  for (const { outboxIds, message } of waiting) {
    await putOff(store, outboxIds, (message.sentAtMs ?? 0) + settleMs);
  }
  const toAppend = missing.filter((of) => !waiting.includes(of));
  if (toAppend.length > 0) {
    const cells = toAppend.map(({ message }) => messageCells(message, before.timeZone));
    const codes = toAppend.map(({ message }) => message.code);
    const rows = rowsToAppend(before.messages, messageHeader, cells);
    await appendRows(deps, before.messages, { rows, sent: { bookingIds: [], codes } });
  }
  const after = toAppend.length > 0 ? await hand.read(withMessages) : before;
  for (const of of due.filter((message) => !waiting.includes(message))) {
    const { code } = of.message;
    if (after.messages.rowsWith(code).length === 0) continue;
    await settleMessage(store, of, clock.nowMs());
    log.emit('message.delivered', { code });
  }
}
