import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { eventually } from '../eventually.ts';

/**
 * Stops a process where it is; resolves when all of its threads stand still, which takes a moment
 * after the signal is sent. A negative id is that of a process group, whose leader is waited for.
 */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await eventually(`process ${pid} stands still`, () => isStill(Math.abs(pid)));
}

/** Of a process that is gone, nothing moves either. */
async function isStill(pid: number): Promise<boolean> {
  const states = process.platform === 'linux' ? await threadStates(pid) : await processState(pid);
  return states.every((state) => /^[TtZX]/.test(state));
}

/** One letter a thread: `/proc/PID/task/TID/stat`, after the name, which may hold anything. */
async function threadStates(pid: number): Promise<string[]> {
  const tasks = `/proc/${pid}/task`;
  const threads = await readdir(tasks).catch(() => []);
  const stats = await Promise.all(
    threads.map((thread) => readFile(`${tasks}/${thread}/stat`, 'utf8').catch(() => ') X')),
  );
  return stats.map((stat) => stat.slice(stat.lastIndexOf(')') + 2));
}

async function processState(pid: number): Promise<string[]> {
  const ps = await promisify(execFile)('ps', ['-o', 'stat=', '-p', `${pid}`]).catch(() => null);
  return ps ? [ps.stdout.trim()] : [];
}
