import timers from 'node:timers/promises';
import { RoomServiceClient } from 'livekit-server-sdk';
import { eventually } from '../harness/eventually.ts';
import { wrongCallBacks } from './call-backs.ts';
import type { CallPlace, CallSetting } from './call-place.ts';
import type { CallScene } from './call-scene.ts';
import type { PlacedFault } from './fault-lanes.ts';
import type { WorkerLink } from './cuttable-link.ts';
import { bothBack } from './survival-return.ts';
import {
  recalls,
  survivalFault,
  talkUntil,
  tellAndRecall,
  wrongNextCall,
} from './survival-case.ts';
import type { Survivor } from './survival-case.ts';

/** The worker is back soon after the server is. */
const reconnect = { RECONNECT_MAX_MS: '2000' };
const outages: CallSetting = { env: reconnect };
const withLink: CallSetting = { env: { ...reconnect, LINK_PING_MS: '1000' }, front: 'link' };
/** The server closes a room so long after the last caller has left. */
const roomGoneMs = 60_000;
const holeMs = 60_000;
/** A call that is not touched by it goes on as usual. */
const besideMs = 10_000;
const refusedMs = 10_000;
/** Half of `RECONNECT_MAX_MS` is the shortest of the later waits; the earlier ones are few. */
const mostRefusals = (downMs: number) => 5 + downMs / 1_000;

/** The server is gone for so long; resolves when both are in the room again, or gave up. */
async function outage(scene: CallScene, ms: number): Promise<void> {
  const { livekit } = scene.place.yard;
  scene.strike();
  await livekit.kill();
  await timers.setTimeout(ms);
  await livekit.restart();
  await bothBack(scene);
}

/**
 * The server is killed under a call, and comes back soon enough for it to go on. The silence is the
 * outage, and what both need to find back into the room.
 */
const killed = (seconds: number, mostGapMs: number) =>
  survivalFault(`livekit-killed-${seconds}s`, {
    setting: outages,
    mostGapMs,
    act: (caller) => tellAndRecall(caller, () => outage(caller.scene, seconds * 1_000)),
  });

/** Nobody is left in a room without a caller. */
async function wrongRooms({ yard }: CallPlace): Promise<string[]> {
  const { httpUrl, apiKey, apiSecret } = yard.livekit;
  const rooms = new RoomServiceClient(httpUrl, apiKey, apiSecret);
  const isEmpty = async () => (await rooms.listRooms()).length === 0;
  return eventually('no room is left', isEmpty, roomGoneMs).then(
    () => [],
    () => ['an agent stays in a room'],
  );
}

/** For how long a worker could not register, and how often it tried. */
type Outage = { readonly ms: number; readonly attempts: number };

/** What becomes of the worker's own connection, while a call goes on beside it. */
const workerLink = (
  name: string,
  options: {
    readonly link: WorkerLink;
    readonly meanwhile: (caller: Survivor, place: CallPlace) => Promise<void>;
    readonly holds?: (place: CallPlace, down: Outage) => readonly string[];
  },
) => {
  let down: Outage = { ms: 0, attempts: 0 };
  return survivalFault(name, {
    setting: withLink,
    mostGapMs: besideMs,
    act: async (caller, place) => {
      const { link } = place;
      if (!link) throw new Error('There is no link here');
      const { scene, story } = caller;
      await scene.greeted();
      await scene.ask(story.tell);
      scene.strike();
      const sinceMs = performance.now();
      const earlier = link.workerAttempts();
      link.setWorkerLink(options.link);
      try {
        await options.meanwhile(caller, place);
      } finally {
        link.setWorkerLink('open');
        down = { ms: performance.now() - sinceMs, attempts: link.workerAttempts() - earlier };
      }
      await place.ready();
      return recalls(caller);
    },
    holds: async (place) => [
      ...(options.holds?.(place, down) ?? []),
      ...(await wrongNextCall(place)),
    ],
  });
};

/** The link says that it is down; a call would not be picked up now. */
async function isUnready({ service }: CallPlace): Promise<void> {
  await eventually('readiness says no', async () => !(await service.readiness()).ready, 30_000);
}

/** The way to LiveKit, or LiveKit itself, is gone for a while. */
export const linkFaults: readonly PlacedFault[] = [
  killed(1, 15_000),
  killed(5, 20_000),
  survivalFault('livekit-killed-12s', {
    setting: outages,
    reasons: ['caller-hangup', 'link-lost'],
    mostGapMs: 30_000,
    act: async (caller) => {
      const { scene, story } = caller;
      await scene.greeted();
      await scene.ask(story.tell);
      await outage(scene, 12_000);
      // The caller's side may have given up by then, or be cut off later.
      return recalls(caller).catch((error: unknown) => {
        if (scene.isOver) return null;
        throw error;
      });
    },
    holds: async (place, [end]) => {
      const isLost = end?.row?.reason === 'link-lost';
      const noted = isLost ? await wrongCallBacks(place.yard, end.report.callId) : [];
      return [...noted, ...(await wrongRooms(place))];
    },
  }),
  survivalFault('livekit-killed-40s-idle', {
    setting: outages,
    mostGapMs: besideMs,
    before: async ({ yard }) => {
      await yard.livekit.kill();
      await timers.setTimeout(40_000);
      await yard.livekit.restart();
    },
    act: async (caller) => {
      caller.scene.strike();
      return tellAndRecall(caller, async () => {});
    },
  }),
  survivalFault('livekit-frozen-30s', {
    setting: outages,
    mostGapMs: 45_000,
    act: (caller, { yard }) =>
      tellAndRecall(caller, async () => {
        caller.scene.strike();
        await yard.livekit.freeze();
        await timers.setTimeout(30_000).finally(() => yard.livekit.thaw());
        await bothBack(caller.scene);
      }),
  }),
  workerLink('link-black-hole-60s', {
    link: 'black-hole',
    meanwhile: async ({ scene }, place) => {
      const over = timers.setTimeout(holeMs);
      await isUnready(place);
      await talkUntil(scene, over);
    },
  }),
  workerLink('registration-refused', {
    link: 'refused',
    meanwhile: async ({ scene }, place) => {
      const over = timers.setTimeout(refusedMs);
      await place.service.waitFor('worker.refused');
      await isUnready(place);
      await talkUntil(scene, over);
    },
    holds: ({ service }, { ms, attempts }) => {
      const told = service.lines.filter(({ event }) => event === 'worker.refused').length;
      return [
        ...(told === 1 ? [] : [`told ${told} times that the key is refused`]),
        ...(attempts <= mostRefusals(ms) ? [] : [`${attempts} attempts in ${Math.round(ms)} ms`]),
      ];
    },
  }),
];
