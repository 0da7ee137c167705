import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { openStore } from '../../../../agent/infra/store/database.ts';
import {
  claimLease,
  holdsLease,
  listLeases,
  readLease,
  releaseLease,
  removeExpiredLeases,
  renewLease,
  type Lease,
} from '../../../../agent/infra/store/leases.ts';
import { onBothDatabases } from './both-databases.ts';
import { startStoreProcess } from './start-store-process.ts';

const ours = { name: 'call-1', holder: 'job-1', ttlMs: 60_000 };
const theirs = { ...ours, holder: 'job-2' };

onBothDatabases(({ newStore, newPlace }) => {
  test('a lease that is held is not given to another', async () => {
    await using store = await newStore();
    const lease = await claimLease(store, ours);
    assert.equal(lease?.epoch, 1);
    assert.equal(await claimLease(store, theirs), null);
    assert.deepEqual(await readLease(store, 'call-1'), lease);
    assert.equal(await holdsLease(store, lease), true);
    assert.equal(await readLease(store, 'call-2'), null);
  });

  test('claimed again by its holder, it keeps its epoch and lasts longer', async () => {
    await using store = await newStore();
    const first = await claimLease(store, ours);
    const again = await claimLease(store, { ...ours, ttlMs: 120_000 });
    assert.ok(first && again);
    assert.equal(again.epoch, first.epoch);
    assert.ok(again.expiresAtMs > first.expiresAtMs);
  });

  test('an expired lease goes to the next, with a new epoch, and its old holder learns of it', async () => {
    await using store = await newStore();
    const lost = await claimLease(store, { ...ours, nowMs: Date.now() - 90_000 });
    assert.ok(lost);
    assert.equal(await readLease(store, 'call-1'), null);
    assert.equal(await holdsLease(store, lost), false);
    const taken = await claimLease(store, theirs);
    assert.equal(taken?.epoch, 2);
    assert.equal(await renewLease(store, lost, { ttlMs: 60_000 }), false);
    await releaseLease(store, lost);
    assert.equal(await holdsLease(store, taken), true);
  });

  test('an expired lease that nobody took can be renewed', async () => {
    await using store = await newStore();
    const lease = await claimLease(store, { ...ours, nowMs: Date.now() - 90_000 });
    assert.ok(lease);
    assert.equal(await renewLease(store, lease, { ttlMs: 60_000 }), true);
    assert.equal(await holdsLease(store, lease), true);
    assert.equal(await claimLease(store, theirs), null);
  });

  test('a job that supersedes the holder gets the lease, and no second one does', async () => {
    await using store = await newStore();
    const dead = await claimLease(store, ours);
    assert.ok(dead);
    const lease = await claimLease(store, { ...theirs, supersedes: 'job-1' });
    assert.equal(lease?.epoch, 2);
    assert.equal(await holdsLease(store, dead), false);
    assert.equal(await claimLease(store, { ...ours, holder: 'job-3', supersedes: 'job-1' }), null);
  });

  test('epochs do not go back after a release, even for the same holder', async () => {
    await using store = await newStore();
    for (const epoch of [1, 2, 3]) {
      const lease = await claimLease(store, ours);
      assert.equal(lease?.epoch, epoch);
      await releaseLease(store, lease);
      assert.equal(await readLease(store, 'call-1'), null);
    }
  });

  test('the leases of one kind are listed, without those that nobody holds', async () => {
    await using store = await newStore();
    const first = await claimLease(store, { ...ours, name: 'ready:1' });
    const second = await claimLease(store, { ...theirs, name: 'ready:2' });
    const freed = await claimLease(store, { ...ours, name: 'ready:3' });
    assert.ok(freed);
    await releaseLease(store, freed);
    await claimLease(store, { ...ours, name: 'ready:4', nowMs: Date.now() - 90_000 });
    const other = await claimLease(store, { ...ours, nowMs: Date.now() - 90_000 });
    const byName = (a: Lease, b: Lease) => a.name.localeCompare(b.name);
    const listed = await listLeases(store, 'ready:');
    assert.deepEqual([...listed].sort(byName), [first, second]);
    await removeExpiredLeases(store, 'ready:');
    const rows = await store.db.selectFrom('leases').select('name').orderBy('name').execute();
    assert.deepEqual(
      rows.map(({ name }) => name),
      [other?.name, 'ready:1', 'ready:2'],
    );
  });

  test('of several that supersede the same holder at once exactly one wins', async () => {
    const place = await newPlace();
    await using stores = new AsyncDisposableStack();
    const opened = await Promise.all(
      Array.from({ length: 6 }, async () => stores.use(await openStore(place))),
    );
    const [first] = opened;
    assert.ok(first);
    await claimLease(first, ours);
    const claims = opened.map((store, i) =>
      claimLease(store, { ...ours, holder: `rescue-${i}`, supersedes: 'job-1' }),
    );
    const won = (await Promise.all(claims)).filter((lease) => lease !== null);
    assert.deepEqual(
      won.map((lease) => lease.epoch),
      [2],
    );
  });

  test('of several processes that claim at once exactly one wins each epoch', async () => {
    const place = await newPlace();
    const [processes, times] = [4, 25];
    const won = await Promise.all(
      Array.from({ length: processes }, async () => {
        await using claimer = startStoreProcess('claim', place, times);
        return await claimer.rest();
      }),
    );
    const epochs = won.flat().map(Number);
    assert.deepEqual(
      epochs.sort((a, b) => a - b),
      Array.from({ length: processes * times }, (_, i) => i + 1),
    );
  });

  test('whatever is claimed and released, in any order, leases follow the rules', async () => {
    await using store = await newStore();
    const holder = fc.constantFrom('a', 'b', 'c');
    const claim = fc.record({
      kind: fc.constant('claim' as const),
      holder,
      ttlMs: fc.integer({ min: 1, max: 100 }),
      passedMs: fc.integer({ min: 0, max: 60 }),
      supersedes: fc.option(holder, { nil: undefined }),
    });
    const release = fc.record({ kind: fc.constant('release' as const), which: fc.nat() });
    let runs = 0;
    const followsTheRules = async (steps: (StepOf<typeof claim> | StepOf<typeof release>)[]) => {
      const name = `lease-${(runs += 1)}`;
      const given: Lease[] = [];
      let expected = { holder: '', epoch: 0, expiresAtMs: 0 };
      let nowMs = 1_000;
      for (const step of steps) {
        if (step.kind === 'release') {
          const lease = given[step.which % given.length];
          if (!lease) continue;
          await releaseLease(store, lease);
          if (lease.holder === expected.holder && lease.epoch === expected.epoch) {
            expected = { ...expected, holder: '', expiresAtMs: 0 };
          }
          continue;
        }
        const { ttlMs, supersedes } = step;
        nowMs += step.passedMs;
        const isOurs = expected.holder === step.holder;
        const isFree = expected.expiresAtMs <= nowMs || expected.holder === supersedes;
        const lease = await claimLease(store, { ...step, name, nowMs });
        assert.equal(lease !== null, isOurs || isFree);
        if (!lease) continue;
        const epoch = expected.epoch + (isOurs ? 0 : 1);
        expected = { holder: step.holder, epoch, expiresAtMs: nowMs + ttlMs };
        assert.deepEqual(lease, { name, ...expected });
        given.push(lease);
      }
    };
    const steps = fc.array(fc.oneof(claim, claim, release), { maxLength: 20 });
    await fc.assert(fc.asyncProperty(steps, followsTheRules), { numRuns: 60 });
  });
});

type StepOf<A> = A extends fc.Arbitrary<infer T> ? T : never;
