import { open, type FileHandle } from 'node:fs/promises';

/**
 * The `-wal` file of a SQLite database that is open with `synchronous = normal`: a commit in it is
 * durable once it has been synced (sqlite.org/wal.html). `synchronous = full` does that too, but
 * within the write lock and on the event loop: twenty writers wait for twenty syncs in a row, where
 * here the file system makes one of many that come together.
 */
export class WriteAheadLog {
  readonly #path: string;
  #file: Promise<FileHandle> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves when every commit of before is on the disk, other processes' too. Rejects as the disk does. */
  async sync(): Promise<void> {
    // It stays the same file for as long as any process has the database open, and this one has.
    this.#file ??= open(this.#path).catch((error: unknown) => {
      this.#file = undefined;
      throw error;
    });
    await (await this.#file).datasync();
  }

  async close(): Promise<void> {
    await (await this.#file)?.close();
    this.#file = undefined;
  }
}
