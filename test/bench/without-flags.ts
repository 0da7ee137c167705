/**
 * Loaded before the program into every process of a service (`NODE_OPTIONS=--import`): its children
 * are started without the flags that keep them small, to measure what those are worth.
 */
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

const spawn = childProcess.spawn.bind(childProcess);
const isOurs = (arg: string) =>
  arg.startsWith('--max-semi-space-size=') || arg.endsWith('/unused-modules.ts');

function spawnWithout(...[program, args, options]: Parameters<typeof spawn>) {
  return spawn(
    program,
    args.filter((arg) => !isOurs(arg)),
    options,
  );
}

Object.assign(childProcess, { spawn: spawnWithout });
syncBuiltinESMExports();
