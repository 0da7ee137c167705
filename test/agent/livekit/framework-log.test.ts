import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

type Line = Record<string, unknown>;

/** What a process of its own prints when `code` runs in it with a captured log. */
async function printedBy(code: string): Promise<string[]> {
  const log = new URL('../../../agent/infra/log.ts', import.meta.url).href;
  const framework = new URL('../../../agent/livekit/framework-log.ts', import.meta.url).href;
  const program = `
    import fs from 'node:fs';
    import { createLog } from ${JSON.stringify(log)};
    import { captureFrameworkLines } from ${JSON.stringify(framework)};
    const log = captureFrameworkLines((write) =>
      createLog({ level: 'debug', secrets: ['a-secret-key'], write }));
    ${code}`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = await text(child.stdout);
  return output.split('\n').filter((line) => line !== '');
}

const frameworkLine = (fields: object) =>
  JSON.stringify({ level: 40, time: 1, pid: 2, hostname: 'h', msg: 'slow', ...fields });

test('lines of the framework come out in our form, without its personal fields', async () => {
  const line = frameworkLine({ room: 'x_+15550111_y', 'lk.pii.username': 'Jordan' });
  const printed = await printedBy(`
    process.stdout.write(${JSON.stringify(`${line}\n`)});
    fs.writeSync(1, ${JSON.stringify(`${line}\n${frameworkLine({ level: 50 })}\n`)});
    log.info({ event: 'worker.ready' }, 'worker is ready');`);
  const lines = printed.map((each) => JSON.parse(each) as Line);
  assert.deepEqual(
    lines.map((each) => [each['level'], each['event'], each['detail']]),
    [
      ['warn', 'framework.log', 'slow'],
      ['warn', 'framework.log', 'slow'],
      ['error', 'framework.log', 'slow'],
      ['info', 'worker.ready', undefined],
    ],
  );
  assert.equal(lines[0]?.['room'], 'x_***0111_y');
  assert.ok(!printed.join().includes('Jordan'));
});

test('other output passes through as it is', async () => {
  const printed = await printedBy(`
    process.stdout.write('{"level":"not a number"}\\n');
    process.stdout.write('{"level": broken\\n');
    fs.writeSync(1, 'plain\\n');
    console.log('text');`);
  assert.deepEqual(printed, ['{"level":"not a number"}', '{"level": broken', 'plain', 'text']);
});

test('what was aborted by a hang-up is no fault, and an error keeps only what says what it was', async () => {
  const abort = { name: 'AbortError', message: 'aborted', stack: 'AbortError: aborted\n at x' };
  const refused = {
    type: 'APIStatusError',
    message: 'refused',
    stack: 'Error: refused',
    headers: { authorization: 'Bearer x' },
  };
  const printed = await printedBy(`
    process.stdout.write(${JSON.stringify(`${frameworkLine({ level: 50, err: abort })}\n`)});
    process.stdout.write(${JSON.stringify(`${frameworkLine({ level: 50, error: refused })}\n`)});`);
  const lines = printed.map((each) => JSON.parse(each) as Line);
  assert.deepEqual(
    lines.map((each) => each['level']),
    ['debug', 'error'],
  );
  assert.deepEqual(lines[1]?.['error'], {
    name: 'APIStatusError',
    message: 'refused',
    stack: 'Error: refused',
  });
});
