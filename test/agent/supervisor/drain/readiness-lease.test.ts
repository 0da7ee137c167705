import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore } from '../../../../agent/infra/store/database.ts';
import type { Store } from '../../../../agent/infra/store/database.ts';
import { listLeases } from '../../../../agent/infra/store/leases.ts';
import { ReadinessLease } from '../../../../agent/supervisor/drain/readiness-lease.ts';
import { eventually } from '../../../harness/eventually.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';
import { onBothDatabases } from '../../infra/store/both-databases.ts';

onBothDatabases(({ newPlace }) => {
  test('two supervisors on one store see each other for as long as they take calls', async () => {
    const place = await newPlace();
    await using storeA = await openStore(place);
    await using storeB = await openStore(place);
    await using a = await supervisor(storeA);
    await using b = await supervisor(storeB);
    await eventually('b shows that it is ready', async () => (await marks(storeA)) === 2);
    await a.mark.withdraw();
    assert.equal(a.mark.otherIsReady, true);
    b.isReady = false;
    await eventually('a sees that b is not ready', () => !a.mark.otherIsReady);
    b.isReady = true;
    await eventually('a sees that b is ready', () => a.mark.otherIsReady);
    await b.mark.withdraw();
    assert.equal(b.mark.otherIsReady, false);
    await eventually('a sees that b drains', () => !a.mark.otherIsReady);
  });

  test('one that is alone sees nobody, itself neither', async () => {
    await using store = await openStore(await newPlace());
    await using alone = await supervisor(store);
    await eventually('it shows that it is ready', async () => (await marks(store)) === 1);
    await alone.mark.withdraw();
    assert.equal(alone.mark.otherIsReady, false);
    assert.equal(await marks(store), 0);
  });

  test('a mark is kept up, and gone when its supervisor is', async () => {
    await using store = await openStore(await newPlace());
    await using running = await supervisor(store);
    const expiresAtMs = async () => (await listLeases(store, 'ready:'))[0]?.expiresAtMs ?? 0;
    await eventually('it is there', async () => (await expiresAtMs()) > 0);
    const firstMs = await expiresAtMs();
    await eventually('it is renewed', async () => (await expiresAtMs()) > firstMs);
    await running.mark.stop();
    assert.equal(await marks(store), 0);
    await using next = await supervisor(store);
    const rows = () => store.db.selectFrom('leases').select('name').execute();
    await eventually('the next one shows itself', async () => (await marks(store)) === 1);
    assert.equal((await rows()).length, 1, 'what an earlier one left is removed');
    assert.equal(next.failures('warn'), 0);
  });

  test('a store that is away shows nobody, and is told of once', async () => {
    const store = await openStore(await newPlace());
    await using lost = await supervisor(store);
    await eventually('it shows that it is ready', async () => (await marks(store)) === 1);
    await store.close();
    await lost.mark.withdraw();
    assert.equal(lost.mark.otherIsReady, false);
    await eventually('it has looked again', () => lost.failures('debug') > 0);
    assert.equal(lost.failures('warn'), 1);
  });
});

async function supervisor(store: Store) {
  const { log, lines } = recordedLog();
  const state = { isReady: true };
  const mark = new ReadinessLease({ store, log, isReady: () => state.isReady });
  mark.start();
  return Object.assign(state, {
    mark,
    failures: (level: string) =>
      lines.filter((line) => line.level === level && line.event === 'store.failed').length,
    [Symbol.asyncDispose]: () => mark.stop(),
  });
}

async function marks(store: Store): Promise<number> {
  return (await listLeases(store, 'ready:')).length;
}
