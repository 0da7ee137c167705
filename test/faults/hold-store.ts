import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Holds the write lock of a SQLite store for `ms`, from another process; resolves once it holds it. */
export async function holdStore(
  dataDir: string,
  ms: number,
): Promise<{ readonly done: Promise<unknown> }> {
  const program = `
    import { DatabaseSync } from 'node:sqlite';
    const db = new DatabaseSync(process.argv[1], { timeout: 5000 });
    db.exec('begin immediate');
    console.log('held');
    setTimeout(() => db.exec('commit'), Number(process.argv[2]));`;
  const args = ['--input-type=module', '-e', program, join(dataDir, 'pickup.sqlite'), String(ms)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  return { done: exited };
}
