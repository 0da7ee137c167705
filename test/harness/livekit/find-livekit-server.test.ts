import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { findLivekitServer, LIVEKIT_SERVER_VERSION } from './find-livekit-server.ts';

/** A machine of its own: an empty home and an empty PATH, to be furnished. */
async function machine(t: TestContext) {
  const home = await mkdtemp(join(tmpdir(), 'pickup-find-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const bin = join(home, 'bin');
  const cache = join(home, '.cache', 'pickup', `livekit-server-${LIVEKIT_SERVER_VERSION}`);
  await mkdir(bin);
  return { home, bin, cache, env: { HOME: home, PATH: bin } };
}

async function program(path: string, script = 'exit 0'): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

/** A `go` that notes what it built and, after a while, leaves a server where it is told to. */
async function fakeGo({ home, bin }: { home: string; bin: string }): Promise<void> {
  const source = join(home, 'module');
  await mkdir(join(source, 'pkg', 'rtc'), { recursive: true });
  await writeFile(join(source, 'go.mod'), 'module github.com/livekit/livekit-server\n');
  await writeFile(join(source, 'pkg', 'rtc', 'transport.go'), 'enabled: se.EnableSped(true)\n');
  const download = `echo "$4" >> ${home}/downloads; echo '{"Dir":"${source}"}'; exit 0`;
  // go build -C source -mod -o server package
  const build = `/bin/sleep 0.3; read line < "$3/pkg/rtc/transport.go"; echo "$line" >> ${home}/builds; echo server > "$6"; /bin/chmod +x "$6"`;
  const script = `case "$1 $2" in "mod download") ${download};; "build -C") ${build};; esac`;
  await program(join(bin, 'go'), script);
}

test('what LIVEKIT_SERVER_BIN names comes first', async (t) => {
  const { home, bin, cache, env } = await machine(t);
  const named = await program(join(home, 'mine'));
  await program(join(bin, 'livekit-server'));
  await program(join(cache, 'server'));
  assert.equal(await findLivekitServer({ env: { ...env, LIVEKIT_SERVER_BIN: named } }), named);
});

test('a LIVEKIT_SERVER_BIN that is not there is said, not passed over', async (t) => {
  const { bin, env } = await machine(t);
  await program(join(bin, 'livekit-server'));
  const looking = findLivekitServer({ env: { ...env, LIVEKIT_SERVER_BIN: '/nowhere/server' } });
  await assert.rejects(looking, /LIVEKIT_SERVER_BIN names \/nowhere\/server/);
});

test('livekit-server on the PATH comes before the cache', async (t) => {
  const { bin, cache, env } = await machine(t);
  const onPath = await program(join(bin, 'livekit-server'));
  await program(join(cache, 'server'));
  assert.equal(await findLivekitServer({ env }), onPath);
});

test('an earlier build is used again', async (t) => {
  const { home, bin, cache, env } = await machine(t);
  await fakeGo({ home, bin });
  const cached = await program(join(cache, 'server'));
  assert.equal(await findLivekitServer({ env }), cached);
});

test('XDG_CACHE_HOME moves the cache', async (t) => {
  const { home, env } = await machine(t);
  const folder = join(home, 'xdg', 'pickup', `livekit-server-${LIVEKIT_SERVER_VERSION}`);
  const cached = await program(join(folder, 'server'));
  const found = await findLivekitServer({ env: { ...env, XDG_CACHE_HOME: join(home, 'xdg') } });
  assert.equal(found, cached);
});

test('callers at the same time build it once, and nothing else stays in the cache', async (t) => {
  const { home, bin, cache, env } = await machine(t);
  await fakeGo({ home, bin });
  const lines: string[] = [];
  const find = () => findLivekitServer({ env, onProgress: (line) => void lines.push(line) });
  const found = await Promise.all([find(), find(), find()]);
  assert.deepEqual(new Set(found), new Set([join(cache, 'server')]));
  assert.equal(
    await readFile(join(home, 'downloads'), 'utf8'),
    `github.com/livekit/livekit-server@v${LIVEKIT_SERVER_VERSION}\n`,
  );
  // Built once, and without what only LiveKit's forks of Pion have.
  assert.equal(await readFile(join(home, 'builds'), 'utf8'), 'enabled:\n');
  assert.deepEqual(await readdir(cache), ['server']);
  assert.match(lines.join('\n'), /building livekit-server/);
});

test('the lock of a builder that was killed does not stop the next one', async (t) => {
  const { home, bin, cache, env } = await machine(t);
  await fakeGo({ home, bin });
  await mkdir(cache, { recursive: true });
  // No process has this id: Linux and macOS stop well below it.
  await symlink('2147483646', join(cache, 'server.lock'));
  assert.equal(await findLivekitServer({ env }), join(cache, 'server'));
});

test('a build that fails says why and leaves nothing behind', async (t) => {
  const { bin, cache, env } = await machine(t);
  await program(join(bin, 'go'), 'echo "module not reachable" >&2; exit 1');
  await assert.rejects(
    findLivekitServer({ env }),
    /failed \(1\):\nmodule not reachable\n.*Do one/s,
  );
  assert.deepEqual(await readdir(cache), []);
});

test('with no server and no Go, one message says how to get it', async (t) => {
  const { env } = await machine(t);
  await assert.rejects(findLivekitServer({ env }), (error: Error) => {
    assert.match(error.message, /install Go/);
    assert.match(error.message, /LIVEKIT_SERVER_BIN/);
    return true;
  });
});
