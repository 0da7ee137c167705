import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  applyRule,
  RelayFlow,
  seededRandom,
  type AppliedRule,
  type RelayRule,
} from './relay-flow.ts';

export type PacketRelayOptions = {
  readonly listen: { readonly host: string; readonly port: number };
  readonly server: { readonly host: string; readonly port: number };
  /** The same seed loses the same packets of a flow. */
  readonly seed?: number;
};

/** Starts a relay; rejects with the socket's error when the address cannot be bound. */
export async function startPacketRelay(options: PacketRelayOptions): Promise<PacketRelay> {
  const socket = createSocket('udp4');
  socket.bind(options.listen.port, options.listen.host);
  await once(socket, 'listening');
  return new PacketRelay(socket, options);
}

/**
 * Passes datagrams between the clients of one address and a server, and spoils them by rule. Each
 * client port is one flow with a socket of its own towards the server.
 */
export class PacketRelay implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #options: PacketRelayOptions;
  readonly #flows = new Map<string, RelayFlow>();
  readonly #rules = new Set<RelayRule>();
  readonly #waiting = new Set<{ enough(): boolean; resolve(): void }>();
  #closed = false;

  constructor(socket: Socket, options: PacketRelayOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('message', (packet, from) => this.#flowOf(from).fromClient(packet));
    // A client that has gone refuses packets still under way to it: no concern of the others.
    socket.on('error', () => {});
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** In order of appearance. */
  get flows(): readonly RelayFlow[] {
    return [...this.#flows.values()];
  }

  /**
   * The flows that carry more than connectivity checks, in order of appearance: one for each client
   * that is connected. A client also tries other local addresses, which stay without. The caller is
   * the first if it joins first.
   */
  get clients(): readonly RelayFlow[] {
    return this.flows.filter((flow) => flow.isConnected);
  }

  /** The n-th client (from 0); waits until it is connected. */
  async client(index: number): Promise<RelayFlow> {
    await new Promise<void>((resolve) => {
      const enough = () => this.clients.length > index;
      if (enough()) return resolve();
      this.#waiting.add({ enough, resolve });
    });
    const flow = this.clients[index];
    if (!flow) throw new Error(`The relay was closed before client ${index} was connected`);
    return flow;
  }

  /** Applies a rule to every flow, those to come included. */
  addRule(rule: RelayRule): AppliedRule {
    return applyRule(this.#rules, rule);
  }

  /** Ends the relay; packets that wait are lost. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const flow of this.#flows.values()) flow.close();
    for (const waiting of this.#waiting) waiting.resolve();
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #flowOf(from: RemoteInfo): RelayFlow {
    const key = `${from.address}:${from.port}`;
    let flow = this.#flows.get(key);
    if (!flow) {
      flow = new RelayFlow({
        client: { address: from.address, port: from.port },
        server: this.#options.server,
        relayRules: this.#rules,
        random: seededRandom((this.#options.seed ?? 1) + this.#flows.size * 2),
        send: (packet) => this.#socket.send(packet, from.port, from.address),
        onConnected: () => this.#wake(),
      });
      this.#flows.set(key, flow);
    }
    return flow;
  }

  #wake(): void {
    for (const waiting of this.#waiting) {
      if (!waiting.enough()) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }
}
