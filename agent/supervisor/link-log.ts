import type { Config } from '../config/config.ts';
import type { Log } from '../infra/log.ts';
import type { WorkerPeer } from '../ipc/server.ts';

/** Says what has become of a worker's link to LiveKit, and what to do about it. */
export function logLink(
  log: Log,
  { pid, link, linkDetail }: Pick<WorkerPeer, 'pid' | 'link' | 'linkDetail'>,
  { reconnectEnabled, maxAttempts }: Config['link'],
): void {
  const fields = { workerPid: pid, detail: linkDetail };
  if (link === 'registered') {
    log.info({ event: 'worker.registered', ...fields }, 'worker registered with LiveKit');
  } else if (link === 'refused') {
    log.error(
      { event: 'worker.refused', ...fields },
      'LiveKit refused the key: check LIVEKIT_API_KEY and LIVEKIT_API_SECRET',
    );
  } else if (link === 'gave-up') {
    log.error(
      { event: 'worker.gave-up', ...fields, attempts: reconnectEnabled ? maxAttempts : 0 },
      'LiveKit was given up on: the process ends with its last call and must be started anew',
    );
  } else if (linkDetail !== null) {
    log.warn({ event: 'worker.unregistered', ...fields }, 'LiveKit is not reachable');
  }
}
