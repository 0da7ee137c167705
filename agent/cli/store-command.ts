import { StoreError } from '../infra/store/store-error.ts';

/** Runs a command on the store. One that the store refuses is told of in its words, with exit code 1. */
export async function onStore(
  write: (text: string) => void,
  run: () => Promise<number>,
): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    write(`${error.message}\n`);
    return 1;
  }
}
