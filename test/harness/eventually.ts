import timers from 'node:timers/promises';

const pollMs = 10;

/**
 * Resolves when `holds` does. Rejects, naming `what`, when it does not within `withinMs`: ten seconds
 * if left out, far beyond what most things take on a busy machine.
 */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  const untilMs = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > untilMs) throw new Error(`It never came to this: ${what}`);
    await timers.setTimeout(pollMs);
  }
}
