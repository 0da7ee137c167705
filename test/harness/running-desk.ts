import { DeskProcess } from '../../agent/supervisor/desk/desk-process.ts';
import { serveHttp, type HttpServer } from '../../agent/supervisor/http.ts';
import { minimalEnvironment } from './environment.ts';
import { eventually } from './eventually.ts';
import { recordedLog } from './recorded-log.ts';

/**
 * The desk as the service runs it, without the service: its process behind the supervisor's port, on
 * this machine alone. One in a test's process, whose environment it takes.
 */
export async function runDesk(options: {
  readonly dataDir: string;
  readonly passwordHash: string;
  /** Over an environment that names no real account. */
  readonly env?: Readonly<Record<string, string>>;
}): Promise<
  AsyncDisposable & {
    readonly url: string;
    readonly process: DeskProcess;
    readonly http: HttpServer;
  }
> {
  const { dataDir, passwordHash } = options;
  const own = { DATA_DIR: dataDir, DESK_PASSWORD_HASH: passwordHash, LOG_LEVEL: 'error' };
  const set = { ...options.env, ...own };
  Object.assign(process.env, minimalEnvironment(set));
  const { log } = recordedLog();
  const desk = new DeskProcess({ log, dataDir, isLocal: true });
  const http = await serveHttp({
    port: 0,
    isLocal: true,
    deskSocket: desk.socket,
    readiness: () => ({
      ready: true,
      reason: null,
      calls: 0,
      warmProcesses: 2,
      inventoryAgeMs: 12_000,
      alerts: [],
    }),
    metrics: { contentType: 'text/plain', text: async () => '' },
  });
  const url = `http://127.0.0.1:${http.port}`;
  desk.start(http.port);
  await eventually('the desk answers', async () => (await fetch(`${url}/desk/sign-in`)).ok, 60_000);
  return {
    url,
    process: desk,
    http,
    [Symbol.asyncDispose]: async () => {
      desk.stop();
      await http.close();
      await eventually('the process of the desk is gone', () => desk.pid === null);
    },
  };
}
