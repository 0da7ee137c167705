import type { FastifyReply, FastifyRequest } from 'fastify';
import { verifyPassword } from '../infra/password.ts';
import type { Store } from '../infra/store/database.ts';
import {
  createDeskToken,
  readDeskToken,
  revokeDeskToken,
  revokeDeskTokens,
  takeDeskToken,
  type DeskTokenKind,
} from '../infra/store/desk-tokens.ts';
import type { TrustedProxies } from '../infra/trusted-proxies.ts';
import { clientOf } from './request-origin.ts';
import { SignInThrottle } from './sign-in-throttle.ts';

const sessionMs = 12 * 3_600_000;
const deviceMs = 365 * 86_400_000;

/** A person at the desk. */
export type Person = { readonly name: string; readonly token: string };

/** The result of a try to sign in; `waitMs` until the next one is looked at. */
export type SignInResult =
  { readonly kind: 'signed-in' } | { readonly kind: 'wrong' | 'too-many'; readonly waitMs: number };

/** Lets people in by password or by link, and knows them again by a cookie. */
export class SignIn {
  readonly #store: () => Promise<Store>;
  readonly #passwordHash: string | null;
  readonly #passwordKey: string;
  readonly #isLocal: boolean;
  readonly #trusted: TrustedProxies;
  readonly #nowMs: () => number;
  readonly #throttle = new SignInThrottle();

  constructor(options: {
    readonly store: () => Promise<Store>;
    readonly passwordHash: string | null;
    readonly passwordKey: string;
    /** On this machine alone there is no TLS, and a browser keeps no `Secure` cookie. */
    readonly isLocal: boolean;
    readonly trusted: TrustedProxies;
    readonly nowMs: () => number;
  }) {
    this.#store = options.store;
    this.#passwordHash = options.passwordHash;
    this.#passwordKey = options.passwordKey;
    this.#isLocal = options.isLocal;
    this.#trusted = options.trusted;
    this.#nowMs = options.nowMs;
  }

  get takesPasswords(): boolean {
    return this.#passwordHash !== null;
  }

  /** The person behind a request; undefined when nobody has signed in. */
  async personOf({ headers }: Pick<FastifyRequest, 'headers'>): Promise<Person | undefined> {
    const token = cookieOf(headers.cookie, this.#cookie('desk'));
    if (token === undefined) return undefined;
    const found = await readDeskToken(await this.#store(), this.#wanted('session', token));
    return found && { name: found.name ?? 'owner', token };
  }

  /** Tries a password. */
  async tryPassword(
    request: FastifyRequest,
    reply: FastifyReply,
    { password, name }: { readonly password: string; readonly name: string },
  ): Promise<SignInResult> {
    const store = await this.#store();
    const device = cookieOf(request.headers.cookie, this.#cookie('desk-browser'));
    const isKnown =
      device !== undefined && !!(await readDeskToken(store, this.#wanted('device', device)));
    const client = isKnown ? `browser ${device}` : clientOf(request.headers, this.#trusted);
    const waitMs = this.#throttle.waitMs(client, this.#nowMs());
    if (waitMs > 0) return { kind: 'too-many', waitMs };
    // Counted before it is known: of many tries at once only the first ones are looked at.
    this.#throttle.failed(client, this.#nowMs());
    const checked = this.#throttle.check(isKnown, () =>
      verifyPassword(password, this.#passwordHash ?? ''),
    );
    if (checked === null) return { kind: 'too-many', waitMs: 1_000 };
    if (!(await checked)) {
      return { kind: 'wrong', waitMs: this.#throttle.waitMs(client, this.#nowMs()) };
    }
    this.#throttle.succeeded(client);
    await this.#begin(store, reply, name);
    if (!isKnown) {
      this.#setCookie(reply, 'desk-browser', await this.#make('device', null, deviceMs), deviceMs);
    }
    return { kind: 'signed-in' };
  }

  /** Uses a one-time link up; false when it was used, is too old, or never was. */
  async tryLink(reply: FastifyReply, token: string): Promise<boolean> {
    const store = await this.#store();
    if (!(await takeDeskToken(store, this.#wanted('link', token)))) return false;
    await this.#begin(store, reply, '');
    return true;
  }

  async signOut(reply: FastifyReply, { token }: Person): Promise<void> {
    await revokeDeskToken(await this.#store(), token);
    this.#setCookie(reply, 'desk', '', 0);
  }

  /** A new secret path of the calendar; the ones before it are revoked. */
  async renewCalendar(): Promise<string> {
    await revokeDeskTokens(await this.#store(), 'calendar');
    return this.#make('calendar', null, null);
  }

  async isCalendar(token: string): Promise<boolean> {
    return !!(await readDeskToken(await this.#store(), this.#wanted('calendar', token)));
  }

  /** Makes a token of this password; see `createDeskToken`. */
  async #make(kind: DeskTokenKind, name: string | null, lifeMs: number | null): Promise<string> {
    const of = { kind, name, lifeMs, passwordKey: this.#passwordKey, nowMs: this.#nowMs() };
    return createDeskToken(await this.#store(), of);
  }

  async #begin(store: Store, reply: FastifyReply, name: string): Promise<void> {
    const old = cookieOf(reply.request.headers.cookie, this.#cookie('desk'));
    if (old !== undefined) await revokeDeskToken(store, old);
    const token = await this.#make('session', name.trim().slice(0, 60) || 'owner', sessionMs);
    this.#setCookie(reply, 'desk', token, sessionMs);
  }

  #wanted(kind: DeskTokenKind, token: string) {
    return { kind, token, passwordKey: this.#passwordKey, nowMs: this.#nowMs() };
  }

  #cookie(name: string): string {
    return this.#isLocal ? `pickup-${name}` : `__Host-${name}`;
  }

  #setCookie(reply: FastifyReply, name: string, value: string, lifeMs: number): void {
    const secure = this.#isLocal ? '' : '; Secure';
    const kept = `Path=/; HttpOnly${secure}; SameSite=Strict; Max-Age=${lifeMs / 1_000}`;
    void reply.header('set-cookie', `${this.#cookie(name)}=${value}; ${kept}`);
  }
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([key]) => key === name)?.[1];
}
