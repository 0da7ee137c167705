import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RoomServiceClient } from 'livekit-server-sdk';
import { errorCode } from '../yard/error-code.ts';
import { findLivekitServer } from './find-livekit-server.ts';
import { freeze } from '../yard/freeze.ts';
import { freeTcpPort, freeUdpPort } from '../yard/free-port.ts';
import { startPacketRelay, type PacketRelay } from './packet-relay.ts';
import { reapWithUs } from '../yard/reaper.ts';

/** Ready in 0.1 s on a free machine; the rest is for a busy one. */
const READY_MS = 20_000;
const READY_POLL_MS = 50;
/** A port can be taken between finding it free and binding it. */
const PORT_TRIES = 3;

export type LivekitServerOptions = {
  /** Puts a packet relay between the server's media port and everyone. */
  readonly relay?: boolean;
  /** Told one line at a time what takes long or cannot be had. */
  readonly onProgress?: (line: string) => void;
  /** The program; looked for by `findLivekitServer` if left out. */
  readonly binary?: string;
};

/**
 * A real livekit-server of its own on free ports of 127.0.0.1, with keys of its own, ready for calls.
 * Rejects with the tail of its log when it does not get ready.
 */
export async function startLivekitServer(
  options: LivekitServerOptions = {},
): Promise<LivekitServer> {
  const { onProgress = () => {} } = options;
  const binary = options.binary ?? (await findLivekitServer({ onProgress }));
  for (let tries = 1; ; tries++) {
    const server = new LivekitServer({
      binary,
      folder: await mkdtemp(join(tmpdir(), 'pickup-livekit-')),
      port: await freeTcpPort(),
      udpPort: await freeUdpPort(),
    });
    try {
      await server.open({ withRelay: options.relay ?? false, onProgress });
      return server;
    } catch (error) {
      const portTaken = (await server.readLog()).includes('address already in use');
      await server.stop();
      if (!portTaken || tries === PORT_TRIES) throw error;
    }
  }
}

type Place = {
  readonly binary: string;
  readonly folder: string;
  readonly port: number;
  readonly udpPort: number;
};

/** A running livekit-server; `stop()` (or `await using`) leaves nothing of it behind. */
export class LivekitServer implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly httpUrl: string;
  readonly apiKey = `API${randomBytes(6).toString('hex')}`;
  readonly apiSecret = randomBytes(24).toString('base64url');
  /** What the server says, over all its restarts. Gone after `stop()`. */
  readonly logFile: string;
  readonly #place: Place;
  #relay: PacketRelay | null = null;
  #running: { readonly child: ChildProcess; readonly pid: number } | undefined;
  #stopping: Promise<void> | undefined;

  constructor(place: Place) {
    this.#place = place;
    this.port = place.port;
    this.url = `ws://127.0.0.1:${place.port}`;
    this.httpUrl = `http://127.0.0.1:${place.port}`;
    this.logFile = join(place.folder, 'livekit-server.log');
  }

  /** @throws {Error} while the server is not running. */
  get pid(): number {
    if (!this.#running) throw new Error('The livekit-server is not running');
    return this.#running.pid;
  }

  /** The relay before the media port; null if none was asked for or 127.0.0.2 cannot be bound. */
  get relay(): PacketRelay | null {
    return this.#relay;
  }

  /** The first start; `startLivekitServer` does it. */
  async open(options: { withRelay: boolean; onProgress: (line: string) => void }): Promise<void> {
    if (options.withRelay) this.#relay = await this.#openRelay(options.onProgress);
    await writeFile(this.#configFile, this.#config());
    await this.#start();
  }

  /** Stops the server where it is; resolves when it stands still. Its sockets stay open. */
  freeze(): Promise<void> {
    return freeze(-this.pid);
  }

  /** Lets a frozen server go on. */
  thaw(): void {
    process.kill(-this.pid, 'SIGCONT');
  }

  /** Ends the server's processes; resolves when they are gone. `restart()` brings it back. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.#running) return;
    const { child, pid } = this.#running;
    const gone = once(child, 'exit');
    process.kill(-pid, signal);
    await gone;
  }

  /** Starts it again, killed or not, on the same ports with the same keys. */
  async restart(): Promise<void> {
    await this.kill();
    await this.#start();
  }

  /** Ends the server and the relay and removes their files. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopOnce();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Everything the server has logged so far; empty when it never ran. */
  async readLog(): Promise<string> {
    return readFile(this.logFile, 'utf8').catch(() => '');
  }

  get #configFile(): string {
    return join(this.#place.folder, 'livekit.json');
  }

  /** JSON is YAML too. Where the media port is bound and named: livekit-server-facts, section 15. */
  #config(): string {
    return JSON.stringify({
      port: this.port,
      bind_addresses: ['127.0.0.1'],
      rtc: {
        udp_port: this.#place.udpPort,
        tcp_port: 0,
        allow_tcp_fallback: false,
        node_ip: this.#relay ? RELAY_HOST : '127.0.0.1',
        use_external_ip: false,
        enable_loopback_candidate: true,
        // A server that sends checks of its own would open a way past the relay.
        use_ice_lite: this.#relay !== null,
        // Linux calls it lo, macOS lo0.
        interfaces: { includes: ['lo', 'lo0'] },
      },
      keys: { [this.apiKey]: this.apiSecret },
      // Nobody waits for a caller who left; by default a room lingers for 20 s.
      room: { departure_timeout: 2 },
      logging: { level: 'info', json: true },
    });
  }

  async #openRelay(onProgress: (line: string) => void): Promise<PacketRelay | null> {
    const port = this.#place.udpPort;
    try {
      return await startPacketRelay({
        listen: { host: RELAY_HOST, port },
        server: { host: '127.0.0.1', port },
      });
    } catch (error) {
      if (errorCode(error) !== 'EADDRNOTAVAIL') throw error;
      onProgress(
        `no packet relay: ${RELAY_HOST} is not there (macOS: sudo ifconfig lo0 alias ${RELAY_HOST})`,
      );
      return null;
    }
  }

  async #start(): Promise<void> {
    const log = openSync(this.logFile, 'a');
    const child = spawn(this.#place.binary, ['--config', this.#configFile], {
      stdio: ['ignore', log, log],
      // A process group of its own: signals reach all of it, and a Ctrl-C in the terminal does not.
      detached: true,
    });
    closeSync(log);
    await once(child, 'spawn');
    const pid = child.pid;
    if (pid === undefined) throw new Error(`${this.#place.binary} has no process id`);
    const reaper = reapWithUs(-pid, { folder: this.#place.folder });
    this.#running = { child, pid };
    child.once('exit', () => {
      reaper[Symbol.dispose]();
      this.#running = undefined;
    });
    await this.#ready(child);
  }

  /** Ready when it answers with our key: on its port another server could be listening. */
  async #ready(child: ChildProcess): Promise<void> {
    const rooms = new RoomServiceClient(this.httpUrl, this.apiKey, this.apiSecret);
    const deadlineMs = performance.now() + READY_MS;
    for (;;) {
      if (await answers(this.httpUrl, rooms)) return;
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`livekit-server ended at its start; its log ends:\n${await this.#tail()}`);
      }
      if (performance.now() > deadlineMs) {
        await this.kill();
        const tail = await this.#tail();
        throw new Error(
          `livekit-server was not ready within ${READY_MS} ms; its log ends:\n${tail}`,
        );
      }
      await delay(READY_POLL_MS);
    }
  }

  async #tail(): Promise<string> {
    return (await this.readLog()).trimEnd().split('\n').slice(-15).join('\n');
  }

  async #stopOnce(): Promise<void> {
    await this.kill();
    await this.#relay?.close();
    await rm(this.#place.folder, { recursive: true, force: true });
  }
}

/** A second loopback address: the server binds the first and tells its clients this one. */
const RELAY_HOST = '127.0.0.2';

async function answers(httpUrl: string, rooms: RoomServiceClient): Promise<boolean> {
  try {
    const probe = await fetch(httpUrl, { signal: AbortSignal.timeout(READY_MS) });
    await probe.text();
    if (!probe.ok) return false;
    await rooms.listRooms();
    return true;
  } catch {
    return false;
  }
}
