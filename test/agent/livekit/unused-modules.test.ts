import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import standIn, { unusedPackages } from '../../../agent/livekit/unused-modules.ts';
import { minimalEnvironment } from '../../harness/environment.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test('a job loads without what the product never uses', async () => {
  const program = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    await import('./agent/call/job.ts');
    process.stdout.write(JSON.stringify(loaded), () => process.kill(process.pid, 'SIGKILL'));`;
  const flags = ['--import=./agent/livekit/unused-modules.ts', '--input-type=module', '--eval'];
  const env = { ...process.env, ...minimalEnvironment() };
  const child = promisify(execFile)(process.execPath, [...flags, program], { cwd: root, env });
  const { stdout } = await child.catch((error: unknown) => error as { stdout: string });
  const loaded = JSON.parse(stdout) as string[];
  assert.ok(loaded.some((url) => url.endsWith('/@livekit/agents/dist/index.js')));
  const inVain = unusedPackages.filter((name) =>
    loaded.some((url) => url.includes(`/node_modules/${name}/`)),
  );
  assert.deepEqual(inVain, []);
});

test('the framework loads each package that is left out, and nothing of ours does', () => {
  const sources = globSync('node_modules/@livekit/agents/dist/**/*.js', { cwd: root }).map((file) =>
    readFileSync(`${root}/${file}`, 'utf8'),
  );
  const ours = globSync(['agent/**/*.ts', 'tools/**/*.ts'], { cwd: root }).map((file) =>
    readFileSync(`${root}/${file}`, 'utf8'),
  );
  for (const name of unusedPackages) {
    assert.ok(
      sources.some((source) => source.includes(`from "${name}"`)),
      `${name} need not be left out any more`,
    );
    assert.ok(!ours.some((source) => source.includes(`from '${name}'`)), `we use ${name}`);
  }
});

test('a package that is used after all says why it is not there', () => {
  assert.throws(() => standIn(), /unused-modules\.ts/);
  assert.throws(() => Reflect.construct(standIn, []), /unused-modules\.ts/);
});
