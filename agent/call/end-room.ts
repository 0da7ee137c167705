import { ServerError } from 'livekit-server-sdk';
import type { Config } from '../config/config.ts';
import { withDeadline } from '../infra/deadline.ts';
import { roomService } from '../livekit/room-service.ts';
import { retry } from '../infra/retry.ts';

const requestMs = 2_000;
const attempts = 3;
const backOff = { initialMs: 200, multiplier: 2, maxMs: 1_000, jitter: 0.5 };

/**
 * Deletes the room, upon which the gateway sends BYE to the caller. One that is gone is as good.
 * Rejects when LiveKit did not do it in three attempts: the caller is still on the line.
 */
export async function endRoom(config: Pick<Config, 'livekit'>, room: string): Promise<void> {
  const rooms = roomService(config);
  await retry(
    async () => {
      try {
        await withDeadline(() => rooms.deleteRoom(room), { ms: requestMs, label: 'room end' });
      } catch (error) {
        if (!(error instanceof ServerError) || error.status !== 404) throw error;
      }
    },
    { attempts, backOff },
  );
}
