import type { LogLine } from '../harness/yard/service-log.ts';
import type { CallScene } from './call-scene.ts';

/** A write that hangs is given up after 8 s, and 10 s after it began it is looked for. */
const confirmedMs = 60_000;

const isOf =
  ({ call }: CallScene, event: string) =>
  (line: LogLine) =>
    line.event === event && line.callId === call.callId;

/** Whether the call went to a fresh job with its booking committed, and not yet confirmed. */
export function wasGivenInFlight(scene: CallScene): boolean {
  const { lines } = scene.place.service;
  const committed = lines.findIndex(isOf(scene, 'booking.committed'));
  const bookingId = lines[committed]?.['bookingId'];
  const since = committed < 0 ? [] : lines.slice(committed);
  const givenAt = since.findIndex(isOf(scene, 'job.handed-over'));
  const confirmedAt = since.findIndex(
    (line) => line.event === 'booking.confirmed' && line['bookingId'] === bookingId,
  );
  return givenAt >= 0 && (confirmedAt < 0 || givenAt < confirmedAt);
}

/** The rows of the sheet that the call has left, once its booking is confirmed. */
export async function confirmedRows(scene: CallScene) {
  const { service, yard } = scene.place;
  const { bookingId } = await scene.logged('booking.committed');
  await service.waitFor(
    'booking.confirmed',
    (line) => line['bookingId'] === bookingId,
    confirmedMs,
  );
  return yard.sheets.rows('Bookings').filter((row) => row.includes(scene.call.callId));
}
