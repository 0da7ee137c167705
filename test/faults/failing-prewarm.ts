import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** How many job processes fail to warm up before one does, over all processes of a service. */
const failing = 2;

/** In place of Node's, which each job process calls once it is warm: throws in the first of them. */
export function flushCompileCache(): void {
  for (let nth = 0; nth < failing; nth += 1) {
    if (claim(`failed-prewarm-${nth}`)) throw new Error('This process cannot be warmed up');
  }
}

/** True for the one process that comes first. */
function claim(name: string): boolean {
  try {
    mkdirSync(join(process.env['HURT_PREWARM'] ?? '', name));
    return true;
  } catch {
    return false;
  }
}
