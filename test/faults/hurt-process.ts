/**
 * Loaded before the program into every process of a service under test (`NODE_OPTIONS=--import`), so
 * that production code has no switch for a fault. SIGUSR2 stops the process's event loop for a while
 * (`HURT_BLOCK_MS`); SIGURG fills its memory until it dies of that. The tool `find_equipment` is put
 * behind `hung-tool.ts`, and with `HURT_PREWARM` what warms a job up behind `failing-prewarm.ts`.
 */
import { registerHooks } from 'node:module';
import { isMainThread } from 'node:worker_threads';

/** How long SIGUSR2 stops the loop; audio that is already queued is played on. */
const blockMs = Number(process.env['HURT_BLOCK_MS'] ?? 3_000);
/** Small enough for the collector to notice each, large enough to be done soon. */
const hoardedAtOnce = 200_000;

if (isMainThread) {
  process.on('SIGUSR2', () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
  });
  process.on('SIGURG', () => {
    const hoard: object[] = [];
    for (;;) hoard.push(Array.from({ length: hoardedAtOnce }, (_, nth) => ({ nth })));
  });
}

/** What a module of production code imports, and what it gets in its place. */
const replaced = [
  { specifier: './find-equipment.ts', of: '/tools/index.ts', by: 'hung-tool.ts' },
  ...(process.env['HURT_PREWARM'] === undefined
    ? []
    : [{ specifier: 'node:module', of: '/agent/call/job.ts', by: 'failing-prewarm.ts' }]),
];

registerHooks({
  resolve: (specifier, context, nextResolve) => {
    const found = replaced.find(
      (one) => one.specifier === specifier && context.parentURL?.endsWith(one.of),
    );
    return found
      ? nextResolve(new URL(found.by, import.meta.url).href, context)
      : nextResolve(specifier, context);
  },
});
