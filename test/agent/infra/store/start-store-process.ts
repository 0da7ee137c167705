import { spawn } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StorePlace } from './both-databases.ts';
import type { Role } from './store-process.ts';

/** A running `store-process.ts`. Disposing of it kills it. */
export type StoreProcess = {
  /** What it says next. Rejects when it ended without saying more. */
  next(): Promise<unknown>;
  /** All that is still to be said, once it has ended. Rejects when it failed. */
  rest(): Promise<unknown[]>;
  /** SIGKILL; resolves when it is gone, with what was still to be heard. */
  kill(): Promise<unknown[]>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Starts another process on the same store. `count` is how often, or how long in ms. */
export function startStoreProcess(role: Role, place: StorePlace, count = 0): StoreProcess {
  const program = fileURLToPath(new URL('store-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program, role, JSON.stringify(place), String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = readline.createInterface(child.stdout)[Symbol.asyncIterator]();
  const remaining = async () => {
    const said: unknown[] = [];
    for await (const line of { [Symbol.asyncIterator]: () => lines }) said.push(JSON.parse(line));
    await exited;
    return said;
  };
  const kill = () => {
    child.kill('SIGKILL');
    return remaining();
  };
  return {
    next: async () => {
      const line = await lines.next();
      if (line.done) throw new Error(`The process (${role}) ended early`);
      return JSON.parse(line.value);
    },
    rest: async () => {
      const said = await remaining();
      if (child.exitCode !== 0) throw new Error(`The process (${role}) failed`);
      return said;
    },
    kill,
    [Symbol.asyncDispose]: async () => void (await kill()),
  };
}
