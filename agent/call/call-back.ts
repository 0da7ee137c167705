import type { BookingService } from '../../tools/journal/booking-service.ts';
import { withDeadline } from '../infra/deadline.ts';
import type { Log } from '../infra/log.ts';

/** A caller in trouble is not kept waiting for a store. */
const callBackMs = 2_000;

/**
 * Keeps the caller's number for a call-back; false when there is none, or when it could not be kept.
 * Never rejects.
 */
export async function noteCallBack(options: {
  readonly desk: Pick<BookingService, 'takeMessage'>;
  readonly number: string | null;
  readonly log: Log;
}): Promise<boolean> {
  const { desk, number, log } = options;
  if (number === null) return false;
  const text = 'Please call back: the call ended before the caller was helped.';
  try {
    const take = () => desk.takeMessage({ text, customer: null, phone: number });
    await withDeadline(take, { ms: callBackMs, label: 'call-back' });
    return true;
  } catch (error) {
    log.error({ event: 'store.failed', error }, 'call-back could not be noted');
    return false;
  }
}
