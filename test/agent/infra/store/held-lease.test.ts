import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldLease } from '../../../../agent/infra/store/held-lease.ts';
import { readLease } from '../../../../agent/infra/store/leases.ts';
import { onBothDatabases } from './both-databases.ts';

const ttlMs = 60_000;
const name = 'contended';

onBothDatabases(({ newStore }) => {
  test('one of two holds it, in the first epoch, until it is released', async () => {
    await using store = await newStore();
    const [ours, theirs] = ['a', 'b'].map((holder) => new HeldLease({ name, holder, ttlMs }));
    assert.ok(ours && theirs);
    assert.equal(ours.epoch, 0);
    assert.equal(await ours.claim(store), true);
    assert.equal(await theirs.claim(store), false);
    assert.deepEqual([ours.isHeld, theirs.isHeld, ours.epoch], [true, false, 1]);
    await ours.release(store);
    assert.equal(ours.isHeld, false);
    assert.equal(await theirs.claim(store), true);
    assert.equal(theirs.epoch, 2);
  });

  test('who claims again keeps the epoch', async () => {
    await using store = await newStore();
    const ours = new HeldLease({ name, holder: 'a', ttlMs });
    await ours.claim(store);
    assert.equal(await ours.claim(store), true);
    assert.equal(ours.epoch, 1);
  });

  test('a lost one is noticed when it is renewed, and keeps the epoch that it had', async () => {
    await using store = await newStore();
    const ours = new HeldLease({ name, holder: 'a', ttlMs });
    const theirs = new HeldLease({ name, holder: 'b', ttlMs });
    await ours.claim(store);
    assert.equal(await ours.renew(store), true);
    assert.equal(await theirs.claim(store, 'a'), true);
    assert.equal(ours.isHeld, true);
    assert.equal(await ours.renew(store), false);
    assert.deepEqual([ours.isHeld, ours.epoch, theirs.epoch], [false, 1, 2]);
    await ours.release(store);
    assert.equal((await readLease(store, name))?.holder, 'b');
  });

  test('one that was never claimed is not renewed, handed on or released', async () => {
    await using store = await newStore();
    const ours = new HeldLease({ name, holder: 'a', ttlMs });
    assert.equal(await ours.renew(store), false);
    assert.equal(await ours.handTo(store, 'b'), false);
    await ours.release(store);
    assert.equal(await readLease(store, name), null);
  });

  test('it is handed to another holder, in the next epoch', async () => {
    await using store = await newStore();
    const ours = new HeldLease({ name, holder: 'a', ttlMs });
    await ours.claim(store);
    assert.equal(await ours.handTo(store, 'b'), true);
    const { holder, epoch } = (await readLease(store, name)) ?? assert.fail('free');
    assert.deepEqual([holder, epoch], ['b', 2]);
    assert.equal(await ours.renew(store), false);
  });

  test('keeping it writes only when a third of its time is over', async () => {
    await using store = await newStore();
    let nowMs = 0;
    const ours = new HeldLease({ name, holder: 'a', ttlMs, nowMs: () => nowMs });
    const expiresAtMs = async () => (await readLease(store, name))?.expiresAtMs;
    assert.equal(await ours.keep(store), false, 'it is not held yet');
    await ours.claim(store);
    const claimedMs = await expiresAtMs();
    nowMs = ttlMs / 3;
    assert.equal(await ours.keep(store), true);
    assert.equal(await expiresAtMs(), claimedMs);
    // Taken by another, it counts as held until it is asked about: the time has come for that now.
    await new HeldLease({ name, holder: 'b', ttlMs }).claim(store, 'a');
    assert.equal(await ours.keep(store), true);
    nowMs += 1;
    assert.equal(await ours.keep(store), false);
  });

  test('a claim that the store refuses to answer leaves what was known', async () => {
    await using store = await newStore();
    const ours = new HeldLease({ name, holder: 'a', ttlMs });
    await ours.claim(store);
    await store.close();
    await assert.rejects(ours.claim(store));
    await assert.rejects(ours.renew(store));
    assert.deepEqual([ours.isHeld, ours.epoch], [true, 1]);
  });
});
