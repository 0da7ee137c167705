import { RoomEvent } from '@livekit/rtc-node';
import type { Room } from '@livekit/rtc-node';
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { CallStore } from '../../../../agent/call/persistence/call-store.ts';
import type { CallContext } from '../../../../agent/call/call-context.ts';
import { CallControl } from '../../../../agent/call/call-control.ts';
import { handOver, waitForCall } from '../../../../agent/call/ownership/handover.ts';
import type { HandOverDeps } from '../../../../agent/call/ownership/handover.ts';
import { agentIdentity } from '../../../../agent/ipc/messages.ts';
import { openStore } from '../../../../agent/infra/store/database.ts';
import type { Store } from '../../../../agent/infra/store/database.ts';
import { callLeaseName, readLease } from '../../../../agent/infra/store/leases.ts';
import { eventually } from '../../../harness/eventually.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';
import { liveState } from '../live-state.ts';
import { savedCall } from '../saved-call.ts';

const callId = 'SCL_1';

const saved = (callerWords: string) =>
  savedCall({
    items: [{ kind: 'spoken', by: 'caller', words: callerWords, interrupted: false }],
    callerWords,
  });

/** The agents of one call, who can send each other data as in a room of LiveKit. */
class Agents {
  readonly #rooms = new Map<string, AgentRoom>();

  join(jobId: string): Room {
    const room = new AgentRoom(this, agentIdentity(jobId));
    this.#rooms.set(room.identity, room);
    this.#list();
    return room as unknown as Room;
  }

  leave(jobId: string): void {
    this.#rooms.delete(agentIdentity(jobId));
    this.#list();
    for (const room of this.#rooms.values()) room.emit(RoomEvent.ParticipantDisconnected);
  }

  send(from: string, to: readonly string[], topic: string): void {
    for (const identity of to) {
      const data = new Uint8Array([1]);
      this.#rooms.get(identity)?.emit(RoomEvent.DataReceived, data, { identity: from }, 0, topic);
    }
  }

  #list(): void {
    for (const room of this.#rooms.values()) {
      room.remoteParticipants = new Map(this.#rooms.entries());
      room.remoteParticipants.delete(room.identity);
    }
  }
}

class AgentRoom extends EventEmitter {
  remoteParticipants = new Map<string, unknown>();
  readonly identity: string;
  readonly localParticipant;

  constructor(agents: Agents, identity: string) {
    super();
    this.identity = identity;
    this.localParticipant = {
      publishData: async (
        _data: Uint8Array,
        options: { topic: string; destination_identities: string[] },
      ) => agents.send(identity, options.destination_identities, options.topic),
    };
  }
}

/** A call that job `old` has, and what another job of it is made of. */
async function callOf(t: TestContext, overrides: Partial<HandOverDeps> = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'pickup-handover-'));
  const store = await openStore({ dataDir });
  const opened: CallStore[] = [];
  t.after(async () => {
    for (const calls of opened) await calls.end();
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const { log, lines } = recordedLog();
  const job = (jobId: string, open: () => Promise<Store> = () => openStore({ dataDir })) => {
    const voice = { provider: 'deepgram', model: 'aura-2' } as const;
    let own: Promise<Store> | undefined;
    const openAgain = async () => {
      try {
        return await (own ??= open());
      } catch (error) {
        own = undefined;
        throw error;
      }
    };
    const calls = new CallStore({ open: openAgain, voice, log });
    opened.push(calls);
    return { calls, claim: calls.identify({ callId, jobId }) };
  };
  const agents = new Agents();
  const abort = new AbortController();
  t.after(() => abort.abort(new Error('The test is over')));
  const old = job('old');
  assert.equal(await old.claim.take(), 'ours');
  const heard: string[] = [];
  const deps: HandOverDeps = {
    room: agents.join('old'),
    jobId: 'old',
    store: old.calls,
    claim: old.claim,
    log,
    signal: abort.signal,
    ask: () => true,
    isBetweenTurns: () => true,
    dueAtMs: () => Infinity,
    announce: async () => void heard.push('announced'),
    surrender: (give) => give(),
    fallSilent: () => {
      heard.push('silent');
      return () => heard.push('speaks again');
    },
    state: () => saved('A generator?'),
    ...overrides,
  };
  const caller = { isThere: true };
  const standBy = (jobId: string, open?: () => Promise<Store>) => {
    const fresh = job(jobId, open);
    const room = agents.join(jobId);
    const isOurs = waitForCall({
      room,
      from: 'old',
      claim: fresh.claim,
      isCallerThere: () => caller.isThere,
      signal: abort.signal,
    });
    return { ...fresh, isOurs };
  };
  const holder = async () => (await readLease(store, callLeaseName(callId)))?.holder;
  const open = () => openStore({ dataDir });
  return { agents, caller, deps, standBy, heard, holder, lines, old, abort, open };
}

/** Lets time pass until `work` is done. */
async function passing<T>(t: TestContext, work: () => Promise<T>): Promise<T> {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const over = new AbortController();
  const done = work().finally(() => over.abort());
  while (!over.signal.aborted) {
    t.mock.timers.tick(250);
    await setImmediate();
  }
  t.mock.timers.reset();
  return done;
}

const away = async (): Promise<never> => {
  throw new Error('the store is away');
};

test('a call goes to the fresh job with all that was said, and the old one is silent', async (t) => {
  const { deps, standBy, heard, holder, old } = await callOf(t);
  const given = handOver('handover', deps);
  const fresh = standBy('fresh');
  assert.deepEqual(await Promise.all([given, fresh.isOurs]), [true, true]);
  assert.equal(await holder(), 'fresh');
  assert.equal(await old.claim.isStillOurs(), false);
  assert.deepEqual(heard, ['announced', 'silent']);
  assert.equal((await fresh.calls.savedCall())?.talk.callerWords, 'A generator?');
});

test('it waits for the end of the turn', async (t) => {
  let [isBetweenTurns, looks] = [false, 0];
  const look = () => {
    looks += 1;
    return isBetweenTurns;
  };
  const { deps, standBy, heard, holder } = await callOf(t, { isBetweenTurns: look });
  const fresh = standBy('fresh');
  const given = handOver('handover', deps);
  await eventually('the turn is waited for', () => looks > 2);
  assert.deepEqual([await holder(), heard], ['old', []]);
  isBetweenTurns = true;
  assert.deepEqual(await Promise.all([given, fresh.isOurs]), [true, true]);
});

test('once it is due it waits for no end of a turn', async (t) => {
  let dueAtMs = Infinity;
  let looks = 0;
  const look = () => {
    looks += 1;
    return false;
  };
  const { deps, standBy, holder } = await callOf(t, {
    isBetweenTurns: look,
    dueAtMs: () => dueAtMs,
  });
  const fresh = standBy('fresh');
  const given = handOver('handover', deps);
  await eventually('the turn is waited for', () => looks > 2);
  assert.equal(await holder(), 'old');
  dueAtMs = 0;
  assert.deepEqual(await Promise.all([given, fresh.isOurs]), [true, true]);
});

test('a rejoin waits for no turn and announces nothing', async (t) => {
  const { deps, standBy, heard } = await callOf(t, { isBetweenTurns: () => false });
  const fresh = standBy('fresh');
  assert.deepEqual(await Promise.all([handOver('rejoin', deps), fresh.isOurs]), [true, true]);
  assert.deepEqual(heard, ['silent']);
});

test('what began meanwhile is finished here, and the call stays', async (t) => {
  const { deps, standBy, heard, holder } = await callOf(t, { surrender: () => null });
  void standBy('fresh').isOurs.catch(() => {});
  assert.equal(await handOver('rejoin', deps), false);
  assert.equal(await holder(), 'old');
  assert.deepEqual(heard, []);
});

test('without a supervisor to ask, the call stays', async (t) => {
  const { deps, heard, holder } = await callOf(t, { ask: () => false });
  assert.equal(await handOver('handover', deps), false);
  assert.equal(await holder(), 'old');
  assert.deepEqual(heard, []);
});

test('when nobody comes in time the call stays, and that is said', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { deps, holder, lines } = await callOf(t);
  const given = handOver('handover', deps);
  t.mock.timers.tick(8_000);
  assert.equal(await given, false);
  t.mock.timers.reset();
  assert.equal(await holder(), 'old');
  assert.ok(lines.some(({ event }) => event === 'handover.failed'));
});

test('an old job that dies meanwhile leaves its call to the fresh one', async (t) => {
  const { agents, standBy, holder } = await callOf(t);
  const fresh = standBy('fresh');
  agents.leave('old');
  assert.equal(await fresh.isOurs, true);
  assert.equal(await holder(), 'fresh');
});

test('a job that stands by leaves with the call', async (t) => {
  const { standBy, abort } = await callOf(t);
  const fresh = standBy('fresh');
  abort.abort(new Error('The caller hung up'));
  await assert.rejects(fresh.isOurs, /The caller hung up/);
});

test('a transfer that takes too long is undone: two jobs never have the call', async (t) => {
  const { deps, standBy, holder } = await callOf(t);
  const late = AbortSignal.abort(new Error('too late'));
  await assert.rejects(deps.store.handTo('fresh', saved(''), late), /too late/);
  assert.equal(await holder(), 'old');
  const fresh = standBy('fresh');
  assert.deepEqual(await Promise.all([handOver('rejoin', deps), fresh.isOurs]), [true, true]);
});

test('a store that fails in the transfer leaves the call here, and the old job speaks again', async (t) => {
  const { deps, standBy, heard, holder } = await callOf(t);
  const store = Object.assign(Object.create(deps.store) as CallStore, { handTo: away });
  void standBy('fresh').isOurs.catch(() => {});
  assert.equal(await handOver('handover', { ...deps, store }), false);
  assert.deepEqual(heard, ['announced', 'silent', 'speaks again']);
  assert.equal(await holder(), 'old');
});

test('with the store gone, the fresh job speaks once the old one has left the room', async (t) => {
  const { agents, standBy } = await callOf(t);
  let looks = 0;
  const fresh = standBy('fresh', () => {
    looks += 1;
    return away();
  });
  let isOurs: boolean | undefined;
  void fresh.isOurs.then((result) => (isOurs = result));
  await eventually('the store is asked while the old job is there', () => looks > 2);
  assert.equal(isOurs, undefined);
  agents.leave('old');
  assert.equal(await fresh.isOurs, true);
});

test('with the store gone, a caller who left before the old job is not served a second time', async (t) => {
  const { agents, caller, standBy } = await callOf(t);
  const fresh = standBy('fresh', away);
  caller.isThere = false;
  agents.leave('old');
  assert.equal(await fresh.isOurs, false);
});

test('with the store gone, it does not wait for an old job that has given the call', async (t) => {
  const { deps, standBy, heard } = await callOf(t);
  const store = Object.assign(Object.create(deps.store) as CallStore, { handTo: away });
  const claim = Object.assign(Object.create(deps.claim) as typeof deps.claim, { holder: away });
  const fresh = standBy('fresh', away);
  const both = () => Promise.all([handOver('rejoin', { ...deps, store, claim }), fresh.isOurs]);
  assert.deepEqual(await passing(t, both), [true, true]);
  assert.deepEqual(heard, ['silent']);
});

test('a job that went on without the store has the call once the store is back', async (t) => {
  const { agents, standBy, holder, open } = await callOf(t);
  let isAway = true;
  const fresh = standBy('fresh', () => (isAway ? away() : open()));
  agents.leave('old');
  assert.equal(await fresh.isOurs, true);
  isAway = false;
  assert.equal(await fresh.claim.isLost(), false);
  assert.equal(await fresh.claim.isStillOurs(), true);
  assert.equal(await holder(), 'fresh');
});

test('only the job that has the call can say that it is given', async (t) => {
  const { agents, standBy, abort } = await callOf(t);
  let looks = 0;
  const fresh = standBy('fresh', () => {
    looks += 1;
    return away();
  });
  agents.send('sip_caller', [agentIdentity('fresh')], 'pickup.go');
  await eventually('the store is asked again', () => looks > 3);
  abort.abort(new Error('still waiting'));
  await assert.rejects(fresh.isOurs, /still waiting/);
});

test('a notice that is not played out keeps the call here', async (t) => {
  const { deps, standBy, holder, lines } = await callOf(t, {
    announce: () => new Promise(() => {}),
  });
  void standBy('fresh').isOurs.catch(() => {});
  assert.equal(await passing(t, () => handOver('handover', deps)), false);
  assert.equal(await holder(), 'old');
  assert.ok(lines.some(({ event }) => event === 'handover.failed'));
});

test('an order hurries the hand-over that is waiting for the end of a turn', async (t) => {
  const { deps, standBy, holder, heard } = await callOf(t);
  let looks = 0;
  const { room, store, claim, log, signal, fallSilent } = deps;
  const conversation = {
    get isBetweenTurns() {
      looks += 1;
      return false;
    },
    fallSilent,
  };
  const context = {
    jobId: 'old',
    room,
    store,
    record: { log },
    state: liveState(),
    signal,
    askForFreshJob: () => true,
    leave: () => void heard.push('left'),
  } as unknown as CallContext;
  type Deps = ConstructorParameters<typeof CallControl>[1];
  const control = new CallControl(context, {
    lease: claim,
    conversation,
    saved,
  } as unknown as Deps);
  const fresh = standBy('fresh');
  const planned = control.handOver('handover');
  await eventually('the turn is waited for', () => looks > 2);
  assert.equal(await holder(), 'old');
  const ordered = control.handOver('handover', { withinMs: 0 });
  assert.deepEqual(await Promise.all([planned, ordered, fresh.isOurs]), [true, true, true]);
  assert.equal(await control.wasGiven(), true);
  assert.equal(await holder(), 'fresh');
  assert.ok(heard.includes('left'));
});
