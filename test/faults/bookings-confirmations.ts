import assert from 'node:assert/strict';
import { alertSecret, receiveAlerts, type Delivery } from '../agent/telemetry/alert-receiver.ts';
import { bookingFault, type BookingScene } from './booking-scene.ts';
import type { FaultCase } from './fault-case.ts';

type Seen = { readonly scene: BookingScene; readonly deliveries: readonly Delivery[] };

/** The customer's confirmation gets to a receiver that answers so; the same one, and then no more. */
function confirmationFault(
  name: string,
  answers: Parameters<typeof receiveAlerts>[0],
  meanwhile: (seen: Seen) => Promise<void> = async () => {},
): FaultCase {
  return {
    name,
    run: async () => {
      await using receiver = await receiveAlerts(answers);
      const { deliveries, url } = receiver;
      const attempts = (answers?.length ?? 0) + 1;
      // The receiver goes when this returns: not before the fault is over.
      return await bookingFault(name, {
        env: { CONFIRMATION_WEBHOOK_URL: url, CONFIRMATION_WEBHOOK_SECRET: alertSecret },
        act: async (scene) => {
          await scene.readBack();
          await scene.agree();
          await meanwhile({ scene, deliveries });
          await scene.office.until('nothing waits for the receiver', async () => {
            const rows = scene.office.store.db.selectFrom('confirmations').select('id');
            return (await rows.execute()).length === 0;
          });
        },
        holds: () => {
          assert.equal(deliveries.length, attempts);
          assert.equal(new Set(deliveries.map(({ id }) => id)).size, 1, 'one id in all attempts');
          assert.equal(deliveries[0]?.body.type, 'pickup.booking.booked');
        },
        expected: { spoken: ['confirmed'], rowsInSheet: 1, inJournal: 1 },
      }).run();
    },
  };
}

/** Faults of whoever sends the customers' texts, and of the process that hands them over. */
export const confirmationFaults: readonly FaultCase[] = [
  confirmationFault('confirmation-500', [500, 503]),
  confirmationFault('confirmation-refused', [401]),
  confirmationFault('confirmation-hangs', ['hang']),
  confirmationFault(
    'supervisor-killed-between-send-and-mark',
    ['hang'],
    async ({ scene, deliveries }) => {
      await scene.office.until('the receiver has it', () => deliveries.length === 1);
      await scene.killSupervisor();
      await scene.startSupervisor();
    },
  ),
];
