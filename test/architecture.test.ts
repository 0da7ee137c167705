import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { circles, importGraph, type ImportGraph } from './harness/import-graph.ts';

/** Programs with a life of their own: one starts another by its path, and no code imports them. */
const programs = [
  'agent/main.ts',
  'agent/worker/worker.ts',
  'agent/call/job.ts',
  'agent/attendant/attendant.ts',
  'agent/canary/canary.ts',
  'agent/desk/desk.ts',
];

/** For the rooms that know how calls are served. None of them imports another. */
const shared = [
  'agent/speech',
  'agent/livekit',
  'agent/telemetry',
  'agent/ipc',
  'tools',
  'agent/config',
  'agent/infra',
];

/** The rooms of the house, and of which others each may import: of those below it, never above. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'agent/main.ts': [
    'agent/supervisor',
    'agent/cli',
    'agent/telemetry',
    'agent/config',
    'agent/infra',
  ],
  'agent/supervisor': shared,
  'agent/worker': shared,
  'agent/call': shared,
  'agent/attendant': shared,
  'agent/bridge': shared,
  'agent/canary': shared,
  'agent/desk': shared,
  'agent/cli': shared,
  'agent/speech': ['agent/livekit', 'agent/telemetry', 'tools', 'agent/config', 'agent/infra'],
  'agent/livekit': ['agent/telemetry', 'agent/ipc', 'tools', 'agent/config', 'agent/infra'],
  'agent/telemetry': ['agent/ipc', 'tools', 'agent/config', 'agent/infra'],
  'agent/ipc': ['tools', 'agent/config', 'agent/infra'],
  'agent/config': ['tools', 'agent/infra'],
  tools: ['agent/infra'],
  'agent/infra': [],
};

const root = fileURLToPath(new URL('..', import.meta.url));
const production = importGraph(root, ['agent', 'tools']);
const everything = importGraph(root, ['agent', 'tools', 'test']);

/** Each import that `isWrong` gives a reason against, with that reason. */
function wrongImports(
  graph: ImportGraph,
  isWrong: (file: string, target: string) => string | false,
): readonly string[] {
  return [...graph].flatMap(([file, targets]) =>
    [...targets].flatMap((target) => {
      const reason = isWrong(file, target);
      return reason ? [`${file} imports ${target}: ${reason}`] : [];
    }),
  );
}

function roomOf(file: string): string | undefined {
  return Object.keys(mayImport).find((room) => file === room || file.startsWith(`${room}/`));
}

test('every file of the product is in a room of the house', () => {
  const homeless = [...production.keys()].filter((file) => roomOf(file) === undefined);
  assert.deepEqual(homeless, [], 'these are in no folder that `mayImport` names');
});

test('imports lead from a room only to those that it may use', () => {
  const wrong = wrongImports(production, (file, target) => {
    const [from = file, to = target] = [roomOf(file), roomOf(target)];
    const allowed = mayImport[from] ?? [];
    if (from === to || allowed.includes(to)) return false;
    return `${from} may import ${allowed.join(', ') || 'nothing of ours'}, not ${to}`;
  });
  assert.deepEqual(wrong, []);
});

test('the rooms themselves stand in an order, without a circle', () => {
  const order = new Map(
    Object.entries(mayImport).map(([room, to]) => [room, new Set(to)] as const),
  );
  assert.deepEqual(circles(order), []);
});

test('nobody imports a program', () => {
  const wrong = wrongImports(
    production,
    (_, target) => programs.includes(target) && 'a program is started, by its path',
  );
  assert.deepEqual(wrong, []);
});

test('not even a test imports main.ts', () => {
  const wrong = wrongImports(
    everything,
    (_, target) => target === 'agent/main.ts' && 'it takes the process for its own',
  );
  assert.deepEqual(wrong, []);
});

test('the product imports nothing of the tests', () => {
  const wrong = wrongImports(
    production,
    (_, target) => target.startsWith('test/') && 'what is shipped does not stand on a test',
  );
  assert.deepEqual(wrong, []);
});

test('no file imports itself by way of others, in types or on demand either', () => {
  assert.deepEqual(
    circles(everything).map((circle) => circle.join(' -> ')),
    [],
  );
});
