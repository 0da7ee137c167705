/** Runs what it is given, `most` at a time, in the order in which it came. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** A queue of its own for each call of this function. */
export function inTurn(most: number): InTurn {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      // The place goes to the next one, if there is any.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
