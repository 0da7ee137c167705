import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CallResult } from '../measured-call.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** What `npm run -s demo -- --json ARGS` prints on stdout, line by line, and its exit code. */
async function demo(args: readonly string[]): Promise<{ code: unknown; lines: string[] }> {
  const child = spawn('npm', ['run', '-s', 'demo', '--', '--json', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { code, lines: output.split('\n').filter((line) => line !== '') };
}

const fields: readonly (keyof CallResult)[] = [
  'answered',
  'ringToAnswerMs',
  'ringToFirstWordMs',
  'turns',
  'longestSilenceMs',
  'tools',
  'endedBy',
  'result',
  'reason',
  'exitMs',
  'booking',
  'recording',
];

for (const endBy of ['agent', 'caller'] as const) {
  test(`the demo holds a conversation that the ${endBy} ends, and prints one JSON line`, async (t) => {
    const out = await mkdtemp(join(tmpdir(), 'pickup-demo-'));
    t.after(() => rm(out, { recursive: true, force: true }));
    const script = endBy === 'agent' ? 'rental' : 'short';
    const { code, lines } = await demo(['--end-by', endBy, '--script', script, '--out', out]);
    assert.equal(lines.length, 1);
    const call = JSON.parse(lines[0] ?? '') as CallResult;
    assert.equal(code, 0, lines[0]);
    for (const field of fields) assert.ok(field in call, `${field} is left out`);
    assert.ok(call.turns.length >= (endBy === 'agent' ? 4 : 1));
    assert.equal(call.endedBy, endBy);
    assert.equal(call.reason, endBy === 'agent' ? 'agent-goodbye' : 'caller-hangup');
    assert.ok(
      call.exitMs !== null && call.exitMs <= 15_000,
      `the job left after ${call.exitMs} ms`,
    );
    await access(join(call.recording ?? '', 'mix.wav'));
  });
}

test('callers who phone together each hear the answers to what they asked themselves', async (t) => {
  const out = await mkdtemp(join(tmpdir(), 'pickup-demo-'));
  t.after(() => rm(out, { recursive: true, force: true }));
  // Of these seeds, each draws another machine.
  const { code, lines } = await demo([
    '--together',
    '2',
    '--script',
    'short',
    '--seed',
    '4',
    '--out',
    out,
  ]);
  const calls = lines.map((line) => JSON.parse(line) as CallResult);
  assert.equal(code, 0, lines.join('\n'));
  const machines = calls.map(({ turns: [turn] }) => {
    const machine = /a (.*)\?/.exec(turn?.caller ?? '')?.[1] ?? '';
    assert.match(turn?.agent ?? '', new RegExp(machine, 'i'));
    return machine;
  });
  assert.equal(new Set(machines).size, 2);
});

test('the demo refuses an option that it does not know', async () => {
  const { code, lines } = await demo(['--end-by', 'nobody']);
  assert.equal(code, 2);
  assert.deepEqual(lines, []);
});
