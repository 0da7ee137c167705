/**
 * Loaded before the program into every process of a service under test (`NODE_OPTIONS=--import`), so
 * that production code has no switch for a fault. SIGUSR2 stops the process's event loop for a while;
 * the tool `find_equipment` is put behind `hung-tool.ts`.
 */
import { registerHooks } from 'node:module';
import { isMainThread } from 'node:worker_threads';

/** How long SIGUSR2 stops the loop; audio that is already queued is played on. */
const blockMs = 3_000;

if (isMainThread) {
  process.on('SIGUSR2', () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
  });
}

registerHooks({
  resolve: (specifier, context, nextResolve) => {
    const isTool = specifier === './find-equipment.ts';
    return isTool && context.parentURL?.endsWith('/tools/index.ts')
      ? nextResolve(new URL('hung-tool.ts', import.meta.url).href, context)
      : nextResolve(specifier, context);
  },
});
