import { createSocket } from 'node:dgram';
import { packetKind, type PacketKind } from './packet-kind.ts';

/** Which way a packet goes: away from the client to the server, or to the client. */
export type Direction = 'from-client' | 'to-client';

/** What happens to the packets it applies to. Several rules add up; a lost packet is lost once. */
export type RelayRule = {
  /** Which kinds; all if left out. */
  readonly kinds?: readonly PacketKind[];
  /** Which way; both if left out. */
  readonly direction?: Direction;
  /** Share of the packets that are lost: 1 is a black-out. */
  readonly loss?: number;
  /** How much later each packet comes. */
  readonly delayMs?: number;
  /** Each packet comes up to this much later, evenly spread; packets may overtake each other. */
  readonly jitterMs?: number;
  /** This share of the packets comes `byMs` late, overtaken by those behind them. */
  readonly late?: { readonly share: number; readonly byMs: number };
};

/** A rule at work, until it is removed. */
export type AppliedRule = Disposable & { remove(): void };

/** How many packets of a kind went through and how many were lost on purpose. */
export type PacketCount = { passed: number; dropped: number };

type FlowDeps = {
  readonly client: { readonly address: string; readonly port: number };
  readonly server: { readonly host: string; readonly port: number };
  readonly relayRules: ReadonlySet<RelayRule>;
  readonly random: Record<Direction, () => number>;
  send(packet: Uint8Array): void;
  onConnected(): void;
};

/** The packets of one client port. */
export class RelayFlow {
  readonly client: { readonly address: string; readonly port: number };
  readonly counts: Record<Direction, Record<PacketKind, PacketCount>> = {
    'from-client': noPackets(),
    'to-client': noPackets(),
  };
  readonly #deps: FlowDeps;
  readonly #upstream = createSocket('udp4');
  readonly #rules = new Set<RelayRule>();
  readonly #underWay = new Set<NodeJS.Timeout>();
  #connected = false;

  constructor(deps: FlowDeps) {
    this.#deps = deps;
    this.client = deps.client;
    this.#upstream.on('message', (packet) => this.#pass('to-client', packet));
    // The server's port is closed while it restarts; its clients find that out by themselves.
    this.#upstream.on('error', () => {});
  }

  /** Whether more than connectivity checks (STUN) came from the client. */
  get isConnected(): boolean {
    return this.#connected;
  }

  /** Applies a rule to this flow alone. */
  addRule(rule: RelayRule): AppliedRule {
    return applyRule(this.#rules, rule);
  }

  fromClient(packet: Uint8Array): void {
    this.#pass('from-client', packet);
  }

  close(): void {
    for (const timer of this.#underWay) clearTimeout(timer);
    this.#underWay.clear();
    this.#upstream.close();
  }

  #pass(direction: Direction, packet: Uint8Array): void {
    const kind = packetKind(packet);
    const count = this.counts[direction][kind];
    const delayMs = this.#fate(direction, kind);
    if (delayMs === 'lost') {
      count.dropped++;
      return;
    }
    count.passed++;
    if (direction === 'from-client' && kind !== 'stun') this.#connect();
    if (delayMs === 0) return this.#send(direction, packet);
    const timer = setTimeout(() => {
      this.#underWay.delete(timer);
      this.#send(direction, packet);
    }, delayMs);
    this.#underWay.add(timer);
  }

  #connect(): void {
    if (this.#connected) return;
    this.#connected = true;
    this.#deps.onConnected();
  }

  #fate(direction: Direction, kind: PacketKind): number | 'lost' {
    const random = this.#deps.random[direction];
    let delayMs = 0;
    for (const rule of [...this.#deps.relayRules, ...this.#rules]) {
      if (rule.direction && rule.direction !== direction) continue;
      if (rule.kinds && !rule.kinds.includes(kind)) continue;
      if (rule.loss && random() < rule.loss) return 'lost';
      delayMs += rule.delayMs ?? 0;
      if (rule.jitterMs) delayMs += random() * rule.jitterMs;
      if (rule.late && random() < rule.late.share) delayMs += rule.late.byMs;
    }
    return delayMs;
  }

  #send(direction: Direction, packet: Uint8Array): void {
    if (direction === 'to-client') return this.#deps.send(packet);
    this.#upstream.send(packet, this.#deps.server.port, this.#deps.server.host);
  }
}

/** Puts a copy of the rule to work: the same rule applied twice is removed once at a time. */
export function applyRule(rules: Set<RelayRule>, rule: RelayRule): AppliedRule {
  const applied = { ...rule };
  rules.add(applied);
  const remove = () => void rules.delete(applied);
  return { remove, [Symbol.dispose]: remove };
}

function noPackets(): Record<PacketKind, PacketCount> {
  return { rtp: none(), rtcp: none(), stun: none(), dtls: none(), other: none() };
}

function none(): PacketCount {
  return { passed: 0, dropped: 0 };
}

/** A stream of numbers in [0, 1) for each direction, so that one does not shift the other's. */
export function seededRandom(seed: number): Record<Direction, () => number> {
  return { 'from-client': mulberry32(seed), 'to-client': mulberry32(seed + 1) };
}

/** Tommy Ettinger's mulberry32: small, fast, and good enough to lose packets by. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
