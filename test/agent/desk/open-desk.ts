import { scryptSync } from 'node:crypto';
import type { Check } from '../../../agent/config/finding.ts';
import { BrowserCalls } from '../../../agent/desk/browser-calls.ts';
import { deskContext } from '../../../agent/desk/context.ts';
import { deskServer } from '../../../agent/desk/server.ts';
import { storeOpener } from '../../../agent/infra/store/database.ts';
import { passwordKeyOf } from '../../../agent/infra/store/desk-tokens.ts';
import { trustedProxies } from '../../../agent/infra/trusted-proxies.ts';
import { recordedLog } from '../../harness/recorded-log.ts';
import type { StorePlace } from '../infra/store/both-databases.ts';

/** Of the desk of the tests. */
export const password = 'three yellow skid steers';
/** A quarter of a second for each try is for those who guess: here one costs next to nothing. */
const salt = Buffer.alloc(16);
const key = scryptSync(password, salt, 32, { N: 2 ** 8, r: 8, p: 1 });
const passwordHash = `scrypt:8:8:1:${salt.toString('base64url')}:${key.toString('base64url')}`;

/** A desk over a store, as the supervisor passes requests to it; `nowMs` may be moved. */
export async function openDesk(
  place: StorePlace,
  options: { readonly isLocal?: boolean; readonly checks?: readonly Check[] } = {},
) {
  const { isLocal = false, checks = [] } = options;
  const store = storeOpener(place);
  const clock = { nowMs: Date.now() };
  const passwordKey = passwordKeyOf(passwordHash);
  const { log, lines } = recordedLog();
  const app = deskServer({
    context: deskContext({
      store,
      readyUrl: 'http://127.0.0.1:1/readyz',
      dataDir: place.dataDir,
      checks,
      nowMs: () => clock.nowMs,
    }),
    passwordHash,
    passwordKey,
    isLocal,
    trusted: trustedProxies('10.0.0.1'),
    calls: new BrowserCalls({
      livekit: {
        url: 'wss://yard.livekit.cloud',
        apiKey: 'key',
        apiSecret: 'secret',
        agentName: 'pickup',
        maxCalls: 8,
        numIdleProcesses: 1,
      },
    }),
    log,
  });
  return {
    app,
    store,
    clock,
    passwordKey,
    lines,
    get: (url: string, cookie = '') => app.inject({ url, headers: { cookie } }),
    post: (
      url: string,
      fields: Readonly<Record<string, string>>,
      headers: Readonly<Record<string, string>> = {},
    ) =>
      app.inject({
        url,
        method: 'POST',
        payload: new URLSearchParams(fields).toString(),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          host: 'desk.example.com',
          origin: 'https://desk.example.com',
          ...headers,
        },
      }),
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await (await store()).close();
    },
  };
}

/** The cookies of an answer, as the browser sends them back. */
export function cookiesOf(answer: { readonly cookies: readonly object[] }): string {
  const pairs = answer.cookies as readonly { readonly name: string; readonly value: string }[];
  return pairs.map(({ name, value }) => `${name}=${value}`).join('; ');
}
