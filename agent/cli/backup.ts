import { parseArgs } from 'node:util';
import type { Config } from '../config/config.ts';
import { backUpStore, restoreStore } from '../infra/store/backup.ts';
import { onStore } from './store-command.ts';

const usage = `Usage: npm run backup -- --out FOLDER | --restore FOLDER

  --out      copies the whole store into a new folder, while the service runs
  --restore  fills a new, empty store from such a folder; the service must not run
`;

/**
 * Copies the store away, or back. Resolves with the exit code: 0 done, 1 not done, 2 wrong options.
 */
export async function runBackup(options: {
  readonly store: () => Config['store'];
  readonly args: readonly string[];
  readonly write: (text: string) => void;
}): Promise<number> {
  const { args, write } = options;
  const wanted = readOptions(args);
  if (!wanted) {
    write(usage);
    return args.includes('--help') ? 0 : 2;
  }
  return onStore(write, async () => {
    if (wanted.restore === undefined) await backUpStore(options.store(), wanted.folder);
    else await restoreStore(options.store(), wanted.folder);
    write(
      `${wanted.restore === undefined ? 'The store is in' : 'Restored from'} ${wanted.folder}\n`,
    );
    return 0;
  });
}

function readOptions(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { out: { type: 'string' }, restore: { type: 'string' } },
    });
    const { out, restore } = values;
    const folder = restore ?? out;
    return folder === undefined || (out !== undefined && restore !== undefined)
      ? null
      : { folder, restore };
  } catch {
    return null;
  }
}
