import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The real program in an environment without a single setting. */
function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['agent/main.ts', ...args], {
    cwd: root,
    env: {},
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

for (const command of ['start', 'dev', 'doctor', 'bookings', 'setup-sip', 'setup-sheet']) {
  test(`${command} --help tells the usage without an environment`, () => {
    const { status, stdout, stderr } = run(command, '--help');
    assert.match(stdout, new RegExp(`^Usage: npm run ${command}`));
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  });

  test(`${command} tells of a wrong option in one line`, () => {
    const { status, stdout, stderr } = run(command, '--bogus');
    assert.equal(status, 2);
    assert.match(stdout + stderr, /^[^\n]*--bogus[^\n]*\n$/);
  });
}

test('the usages tell how to read the sheet row by row, and how to settle a row of it', () => {
  assert.match(run('doctor', '--help').stdout, /^ {2}--sheet +\S.*row by row/m);
  assert.match(run('bookings', '--help').stdout, /^ {2}--settle ROW +\S.*holds nothing more/m);
  const { stdout } = run('--help');
  assert.match(stdout, /^ {2}doctor .*\n +--sheet: /m);
  assert.match(stdout, /^ {2}bookings .*\n +--settle ROW: /m);
});

test('the list of commands comes for --help, and with what was wrong for a command there is not', () => {
  const help = run('--help');
  assert.equal(help.status, 0);
  assert.match(help.stdout, /^Usage: node agent\/main\.ts COMMAND/);
  const unknown = run('strat');
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /^There is no command strat\./);
});
