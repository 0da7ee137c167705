/**
 * Loaded before the program into every process of a service under test (`NODE_OPTIONS=--import`):
 * puts the packets of a call behind `unseeing-clock.ts`, so that a healthy one seems to have a gap.
 */
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, nextResolve) => {
    const isClock = specifier === './rtp-stats.ts';
    return isClock && context.parentURL?.endsWith('/agent/call/media/media-monitor.ts')
      ? nextResolve(new URL('unseeing-clock.ts', import.meta.url).href, context)
      : nextResolve(specifier, context);
  },
});
