import { ServerError } from 'livekit-server-sdk';
import type { Config } from '../config/config.ts';
import { withDeadline } from '../infra/deadline.ts';
import { hasHungUp, roomService } from '../livekit/room-service.ts';

/** Takes 5 ms. */
const answerMs = 1_000;

/**
 * Whether LiveKit answers a request; never rejects. A frozen server keeps every connection open and
 * sends nothing for 14 s before a client notices (livekit-server 1.13.3).
 */
export async function liveKitAnswers(config: Pick<Config, 'livekit'>): Promise<boolean> {
  const rooms = roomService(config);
  try {
    await withDeadline(() => rooms.listRooms([]), { ms: answerMs, label: 'sign of LiveKit' });
    return true;
  } catch (error) {
    return error instanceof ServerError;
  }
}

/**
 * Whether LiveKit says that the caller is in `room`, and not on their way out of it; never rejects.
 * A caller whose leg was lost in a restart of the server may be listed for minutes.
 */
export async function liveKitLists(
  config: Pick<Config, 'livekit'>,
  caller: { readonly room: string; readonly identity: string },
): Promise<boolean> {
  const rooms = roomService(config);
  try {
    const listed = await withDeadline(() => rooms.listParticipants(caller.room), {
      ms: answerMs,
      label: 'list of the room',
    });
    const found = listed.find(({ identity }) => identity === caller.identity);
    return found !== undefined && !hasHungUp(found);
  } catch {
    return false;
  }
}
