import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { ServerMessage, WorkerMessage, WorkerStatus } from '@livekit/protocol';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { listenOnLoopback } from '../../../harness/emulators/loopback-server.ts';
import type { LoopbackServer } from '../../../harness/emulators/loopback-server.ts';

/** One connection of a worker, with what it said on it. */
export type WorkerConnection = {
  readonly request: IncomingMessage;
  readonly socket: WebSocket;
  readonly said: WorkerMessage[];
};

/** The messages as their names, in order. */
export function namesOf(messages: readonly (WorkerMessage | ServerMessage)[]): string[] {
  return messages.map(({ message }) => message.case ?? 'none');
}

export const register = new WorkerMessage({
  message: { case: 'register', value: { agentName: 'pickup', version: '1.9.0' } },
});

export const updateWorker = (load: number) =>
  new WorkerMessage({
    message: { case: 'updateWorker', value: { load, status: WorkerStatus.WS_AVAILABLE } },
  });

export const availability = (jobId: string) =>
  new WorkerMessage({ message: { case: 'availability', value: { jobId, available: true } } });

export const assignment = (jobId: string, url?: string) =>
  new ServerMessage({
    message: {
      case: 'assignment',
      value: { job: { id: jobId }, token: 'token', ...(url ? { url } : {}) },
    },
  });

/** LiveKit as a worker sees it, on a real socket, with faults on demand. */
export class LiveKitDouble {
  readonly connections: WorkerConnection[] = [];
  /** Upgrades that were asked for, refused ones too. */
  upgrades = 0;
  /** The status with which an upgrade is refused; 0 leaves it without an answer. */
  refuseWith: number | null = null;
  /** What a registration is answered with; null: nothing. */
  answer: ServerMessage | null = registered('A_1');
  pings = 0;
  /** Leaves pings without an answer, and does not close: a link that went dumb. */
  isDumb = false;
  #server: LoopbackServer | undefined;

  static async start(port?: number): Promise<LiveKitDouble> {
    const double = new LiveKitDouble();
    await double.#listen(port);
    return double;
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  get last(): WorkerConnection | undefined {
    return this.connections.at(-1);
  }

  send(message: ServerMessage): void {
    this.last?.socket.send(message.toBinary());
  }

  cut(): void {
    for (const { socket } of this.connections) socket.terminate();
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  async #listen(port: number | undefined): Promise<void> {
    const http = createServer();
    const sockets = new WebSocketServer({ noServer: true, autoPong: false });
    http.on('upgrade', (request, socket, head) => {
      this.upgrades += 1;
      if (this.refuseWith === 0) return;
      if (this.refuseWith === null) {
        sockets.handleUpgrade(request, socket, head, (worker) => this.#connected(request, worker));
      } else {
        socket.end(`HTTP/1.1 ${this.refuseWith} Refused\r\nContent-Length: 0\r\n\r\n`);
      }
    });
    this.#server = await listenOnLoopback(http, port);
  }

  #connected(request: IncomingMessage, socket: WebSocket): void {
    const said: WorkerMessage[] = [];
    this.connections.push({ request, socket, said });
    socket.on('error', () => {});
    socket.on('ping', (data) => {
      this.pings += 1;
      if (!this.isDumb) socket.pong(data);
    });
    socket.on('message', (data: Buffer) => {
      const message = WorkerMessage.fromBinary(data);
      said.push(message);
      if (message.message.case === 'register' && this.answer) socket.send(this.answer.toBinary());
    });
  }
}

function registered(workerId: string): ServerMessage {
  return new ServerMessage({ message: { case: 'register', value: { workerId } } });
}
