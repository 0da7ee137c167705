import { spawn } from 'node:child_process';

/**
 * Kills a process (a negative id: a whole process group) and removes its folder, if it has one, when
 * this process ends, however it ends: a small shell waits for the end of a pipe that only we hold.
 * Dispose of it once the target is gone, for its id may then belong to somebody else.
 */
export function reapWithUs(pid: number, { folder = '' }: { folder?: string } = {}): Disposable {
  const script = 'read -r _; kill -s KILL -- "$0"; rm -rf -- "$1"';
  const reaper = spawn('/bin/sh', ['-c', script, String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Out of our process group: a Ctrl-C in the terminal must not end it before its work.
    detached: true,
  });
  reaper.unref();
  return { [Symbol.dispose]: () => void reaper.kill('SIGKILL') };
}
