import timers from 'node:timers/promises';
import { CALL_YOU_BACK } from '../../agent/speech/prompts/prompts.ts';
import type { Aftermath } from '../stack/aftermath.ts';
import { wrongCallBacks } from './call-backs.ts';
import { holdStore } from './hold-store.ts';
import { bookIt, boomLift, delivery, yes } from './call-lines.ts';
import type { CallPlace, CallSetting } from './call-place.ts';
import type { CallScene } from './call-scene.ts';
import { freeze } from '../harness/yard/freeze.ts';
import type { PlacedFault } from './fault-lanes.ts';
import { recalls, survivalFault, talkUntil, tellAndRecall, usual } from './survival-case.ts';
import type { Survivor } from './survival-case.ts';
import { heardAgain, hurtJob } from './survival-hurt.ts';

/** A job has room enough, and is out of it within seconds. */
const smallHeap: CallSetting = { env: {}, heapMb: 160 };
/** A store that is locked keeps the call at the ring. */
const lockMs = 800;
/** Ten times what a takeover takes. */
const mostGapMs = 8_000;

/** What is wrong when one job, and nothing else, was to die since the call began. */
function worseWorker({ service }: CallPlace, end: Aftermath | undefined): string[] {
  const sinceMs = end?.report.startedAtEpochMs ?? 0;
  const count = (event: string) =>
    service.lines.filter((line) => line.event === event && Date.parse(line.time) >= sinceMs).length;
  return [
    ...(count('job.died') === 1 ? [] : [`${count('job.died')} jobs died`]),
    ...(count('worker.started') + count('worker.replaced') === 0 ? [] : ['a worker was replaced']),
  ];
}

/** The job is killed once its call is at a stage; the caller goes on as if nothing had been. */
const killed = (
  stage: string,
  options: Partial<Parameters<typeof survivalFault>[1]> & {
    readonly reach: (survivor: Survivor) => Promise<void>;
    /** Between the kill and the question about the story. */
    readonly afterwards?: (survivor: Survivor) => Promise<void>;
    /** What the caller has come to by then, if not the story's machine. */
    readonly lastNamed?: string;
  },
) => {
  const { reach, afterwards = async () => {}, lastNamed, ...rest } = options;
  return survivalFault(`job-killed-${stage}`, {
    setting: usual,
    mostGapMs,
    act: async (survivor) => {
      await reach(survivor);
      const { scene, story } = survivor;
      hurtJob(scene);
      await heardAgain(scene);
      await afterwards(survivor);
      const recall = lastNamed === undefined ? story.recall : story.recallOf(lastNamed);
      return recalls({ scene, story: { ...story, recall } });
    },
    ...rest,
  });
};

/** For a caller who has told the story. */
const told = (reach: (scene: CallScene) => Promise<void>) => async (survivor: Survivor) => {
  const { scene, story } = survivor;
  await scene.greeted();
  await scene.ask(story.tell);
  await reach(scene);
};

/** The job stops where it is, and comes back after so long: nobody may hear it then. */
const frozen = (name: string, ms: number, signal: 'SIGSTOP' | 'SIGUSR2') =>
  survivalFault(name, {
    setting: usual,
    mostGapMs,
    act: async (survivor) => {
      const { scene, story } = survivor;
      await scene.greeted();
      await scene.ask(story.tell);
      const pid = hurtJob(scene, signal);
      if (signal === 'SIGSTOP') await freeze(pid);
      const thaw = async () => {
        await timers.setTimeout(ms);
        wake(pid);
      };
      const thawed = thaw();
      try {
        await heardAgain(scene);
        await scene.ask(story.recall);
        await talkUntil(scene, thawed);
        // With the old job awake again, there is still one voice.
        await scene.ask(delivery);
        return await recalls(survivor);
      } finally {
        wake(pid);
      }
    },
  });

function wake(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It was ended where it stood.
  }
}

/**
 * Each agent dies as soon as it has spoken, without a turn of the caller between: the last one
 * apologises, notes the caller's number, and ends the call.
 */
const failing = (times: number) =>
  survivalFault('job-killed-three-times', {
    setting: usual,
    takeovers: times,
    mostGapMs: 2 * mostGapMs,
    reasons: ['crash'],
    lastWords: CALL_YOU_BACK,
    act: async ({ scene, story }) => {
      await scene.greeted();
      await scene.ask(story.tell);
      for (let time = 1; time < times; time += 1) {
        hurtJob(scene);
        await heardAgain(scene);
      }
      hurtJob(scene);
      await scene.call.ended;
      return null;
    },
    holds: ({ yard }, [end]) => wrongCallBacks(yard, end?.report.callId ?? ''),
  });

/** Ends of a call that was told goodbye, or that the caller ends. */
const farewells = ['agent-goodbye', 'caller-hangup'] as const;

/** A job dies or stands still, at each stage of a call. */
export const jobFaults: readonly PlacedFault[] = [
  killed('ringing', {
    before: async ({ yard }) => void (await holdStore(yard.env['DATA_DIR'] ?? '', lockMs)),
    reach: async ({ scene }) => void (await scene.logged('call.incoming')),
    afterwards: ({ scene, story }) => scene.ask(story.tell),
  }),
  killed('greeting', {
    reach: async ({ scene }) => {
      await scene.call.waitFor('agent-audio-start');
      await scene.logged('call.answered');
    },
    afterwards: ({ scene, story }) => scene.ask(story.tell),
  }),
  killed('listening', {
    reach: told(async (scene) => {
      // It dies in the middle of the caller's words, which are lost with it.
      const saying = scene.call.waitFor('saying', ({ line }) => line === delivery.say);
      scene.call.say(delivery.say).catch(() => {});
      await saying;
    }),
  }),
  killed('thinking', {
    reach: told(async (scene) => {
      scene.place.yard.openai.faults.next('chat', { do: 'hang' });
      await scene.sayToModel(delivery.say);
    }),
  }),
  killed('tool', {
    reach: told(async (scene) => {
      await scene.sayToModel(boomLift.say);
      // The tool hangs, and says that it takes a moment.
      await scene.hearsSomething();
    }),
    lastNamed: 'boom lift',
    mostGapMs: 2 * mostGapMs,
  }),
  killed('booking', {
    reach: async ({ scene, story }) => {
      const { sheets } = scene.place.yard;
      await scene.greeted();
      await scene.ask(story.tell);
      await scene.ask(bookIt);
      const over = sheets.faults.on('spreadsheets.batchUpdate', { do: 'hang' });
      scene.call.say(yes.say).catch(() => {});
      // In the journal, and nothing said of it yet.
      await scene.logged('booking.committed');
      over();
    },
    holds: ({ yard }, [end]) => {
      const { callId = '' } = end?.report ?? {};
      const rows = yard.sheets.rows('Bookings').filter((row) => row.includes(callId));
      return rows.length === 1 ? [] : [`${rows.length} rows in the sheet`];
    },
  }),
  killed('speaking', {
    reach: told(async (scene) => {
      const { atMs } = await scene.call.say(delivery.say);
      await scene.call.waitFor('agent-audio-start', (event) => event.atMs >= atMs);
    }),
    holds: (place, [end]) => worseWorker(place, end),
  }),
  killed('recovery', {
    reach: told(async (scene) => {
      scene.call.stopPackets();
      await scene.logged('gap.detected');
    }),
    afterwards: async ({ scene }) => {
      scene.call.resumePackets();
      await scene.quiet();
    },
  }),
  survivalFault('job-killed-goodbye', {
    setting: usual,
    reasons: farewells,
    mostGapMs,
    act: async ({ scene, story }) => {
      await scene.greeted();
      await scene.ask(story.tell);
      await scene.sayGoodbye();
      hurtJob(scene);
      // It was all said: the agent ends the call, or asks and the caller does.
      await heardAgain(scene).catch((error: unknown) => {
        if (!scene.isOver) throw error;
      });
      if (!scene.isOver) await scene.hangUp();
      return null;
    },
    holds: (_place, [end], [heard]) =>
      end?.report.endedBy === 'agent' || heard?.heardAgainMs
        ? []
        : [`the call ended by the ${end?.report.endedBy} in silence`],
  }),
  frozen('job-stopped-5s', 5_000, 'SIGSTOP'),
  frozen('job-stopped-30s', 30_000, 'SIGSTOP'),
  frozen('job-blocked-8s', 8_000, 'SIGUSR2'),
  survivalFault('job-out-of-memory', {
    setting: smallHeap,
    mostGapMs: 2 * mostGapMs,
    act: (survivor) =>
      tellAndRecall(survivor, async () => {
        hurtJob(survivor.scene, 'SIGURG');
        await heardAgain(survivor.scene);
      }),
  }),
  failing(3),
];
