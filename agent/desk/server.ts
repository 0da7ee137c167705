import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { addDays } from '../../tools/yard/rental-dates.ts';
import { addAudit } from '../infra/store/call-backs.ts';
import { bookingsByDay, readFigures, readLedger, readLedgerCall } from '../infra/store/ledger.ts';
import { readTranscript } from '../infra/store/transcripts.ts';
import type { TrustedProxies } from '../infra/trusted-proxies.ts';
import type { Log } from '../telemetry/events.ts';
import type { BrowserCalls } from './browser-calls.ts';
import { calendarText } from './calendar.ts';
import type { DeskContext } from './context.ts';
import { html, type Html, type Part } from './html.ts';
import { callerText, page, type Tab } from './layout.ts';
import { lastEventId, readEvents } from './live-calls.ts';
import { LiveStream } from './live-stream.ts';
import { deeds, settleNeed } from './needs.ts';
import { askedBookings, calendarSection, drawBookings } from './pages/bookings.ts';
import { drawCall } from './pages/call.ts';
import { csvOf, drawCalls, filterOf } from './pages/calls.ts';
import { askedFigures, drawFigures } from './pages/figures.ts';
import { drawEvent, drawNow, drawRegions, regions } from './pages/now.ts';
import { drawTry } from './pages/try.ts';
import { play } from './play.ts';
import { isSameOrigin } from './request-origin.ts';
import { SignIn, type Person } from './sign-in.ts';

/** A form is short; a password of more than this is none. */
const mostBody = 16_384;

/** No script but our files, no frame, no form elsewhere: a caller's words stay words. */
const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  // With `no-referrer` a browser says of its own forms that they come from `null`.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-store',
} as const;

/** The page with a call reaches LiveKit and the microphone too; a voice comes as a stream. */
function callHeaders(origins: string): Readonly<Record<string, string>> {
  const policy = securityHeaders['content-security-policy'];
  return {
    'content-security-policy': policy.replace(
      "connect-src 'self'",
      `connect-src 'self' ${origins}`,
    ),
    'permissions-policy': 'camera=(), geolocation=(), microphone=(self)',
  };
}

const uplot = import.meta.resolve('uplot');
const livekitClient = import.meta.resolve('livekit-client');

/** Files that the pages load, by their name under `/desk/assets`. */
const assets: Readonly<Record<string, readonly [file: URL, type: string]>> = {
  'desk.css': [new URL('./assets/desk.css', import.meta.url), 'text/css; charset=utf-8'],
  'now.js': [new URL('./assets/now.js', import.meta.url), 'text/javascript; charset=utf-8'],
  'figures.js': [new URL('./assets/figures.js', import.meta.url), 'text/javascript; charset=utf-8'],
  'uplot.js': [new URL('./uPlot.esm.js', uplot), 'text/javascript; charset=utf-8'],
  'uplot.css': [new URL('./uPlot.min.css', uplot), 'text/css; charset=utf-8'],
  'try.js': [new URL('./assets/try.js', import.meta.url), 'text/javascript; charset=utf-8'],
  'livekit-client.js': [
    new URL('./livekit-client.esm.mjs', livekitClient),
    'text/javascript; charset=utf-8',
  ],
  'icon.svg': [new URL('./assets/icon.svg', import.meta.url), 'image/svg+xml'],
};

const signInForm = z.object({ password: z.string(), name: z.string().default('') });
const settleForm = z.object({
  deed: z.enum(deeds),
  ref: z.string().min(1).max(300),
  note: z.string().max(300).default(''),
  back: z.string().default('/desk'),
});

/** The calendar reaches so far back and ahead. */
const calendarDays = 180;

type Handler = (request: FastifyRequest, reply: FastifyReply, person: Person) => Promise<unknown>;

/** Pages of the desk, as they are listed to the server: a path, and what it draws. */
export type DeskPage = {
  readonly title: string;
  readonly tab: Tab;
  readonly main: Part;
  readonly scripts?: readonly string[];
  readonly styles?: readonly string[];
  readonly refreshS?: number;
  /** In place of those of every page. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** The desk's HTTP server, not listening yet. */
export function deskServer(options: {
  readonly context: DeskContext;
  readonly passwordHash: string | null;
  readonly passwordKey: string;
  readonly isLocal: boolean;
  readonly trusted: TrustedProxies;
  readonly calls: BrowserCalls;
  readonly log: Log;
}): FastifyInstance {
  const { context, calls, log } = options;
  const signIn = new SignIn({ ...options, store: context.store, nowMs: context.nowMs });
  const live = new LiveStream(context, (error) => log.emit('desk.failed', { error }));
  const app = fastify({ bodyLimit: mostBody, forceCloseConnections: true });

  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  app.addHook('onClose', async () => live.close());
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(securityHeaders);
    if (request.method === 'GET' || request.method === 'HEAD') return;
    if (isSameOrigin(request.headers)) return;
    await plain(reply, 403, 'This form was not sent from the desk itself. Open the page again.');
  });
  app.setNotFoundHandler((_request, reply) => plain(reply, 404, 'There is no such page.'));
  app.setErrorHandler((error: unknown, _request, reply) => {
    const status = statusOf(error);
    if (status >= 500) log.emit('desk.failed', { error });
    return plain(
      reply,
      status,
      status >= 500
        ? 'The page could not be made just now; calls go on. Try again in a moment.'
        : 'The desk could not read that request.',
    );
  });

  /** Lets only those who have signed in through. */
  const signedIn =
    (handle: Handler) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
      const person = await signIn.personOf(request);
      if (person) return handle(request, reply, person);
      return reply.redirect('/desk/sign-in', 303);
    };

  /** Adds a page that is drawn anew for each request; undefined: there is none of that address. */
  const show = (
    path: string,
    draw: (query: URLSearchParams, person: Person) => Promise<DeskPage | undefined>,
  ) =>
    app.get(
      path,
      signedIn(async (request, reply, person) => {
        const searchParams = queryOf(request);
        const drawn = await draw(searchParams, person);
        if (!drawn) return plain(reply, 404, 'There is nothing of that address.');
        const { name, time } = await context.yard();
        const done = doneText(searchParams.get('done'));
        const { headers = {}, ...of } = drawn;
        return send(
          reply.headers(headers),
          200,
          page({
            ...of,
            main: [done && html`<p class="done" role="status">${done}</p>`, drawn.main],
            yard: name,
            who: person.name,
            zone: time.zone,
          }),
        );
      }),
    );

  app.get('/desk/assets/:name', async (request, reply) => {
    const { name } = request.params as { readonly name: string };
    const [file, type] = assets[name] ?? [];
    if (!file || !type) return plain(reply, 404, 'There is no such file.');
    return reply
      .header('cache-control', 'no-cache')
      .type(type)
      .send(await readFile(file));
  });

  app.get('/desk/sign-in', async (request, reply) => {
    if (await signIn.personOf(request)) return reply.redirect('/desk', 303);
    return signInPage(reply, 200, null);
  });
  app.post('/desk/sign-in', async (request, reply) => {
    const form = signInForm.safeParse(request.body);
    if (!signIn.takesPasswords || !form.success) return signInPage(reply, 400, null);
    const result = await signIn.tryPassword(request, reply, form.data);
    if (result.kind === 'signed-in') {
      log.emit('desk.signed-in', { by: 'password' });
      return reply.redirect('/desk', 303);
    }
    const { kind, waitMs } = result;
    log.emit('desk.refused', { why: kind, waitMs });
    const waitS = Math.ceil(waitMs / 1_000);
    if (waitS > 0) void reply.header('retry-after', `${waitS}`);
    const later = waitS > 0 ? ` Try again in ${waitS} s.` : '';
    return kind === 'wrong'
      ? signInPage(reply, 401, `That is not the password.${later}`)
      : signInPage(reply, 429, `Too many tries: this one was not looked at.${later}`);
  });
  // A preview of the link's page must not use it up: the person's own press of the button does.
  app.get('/desk/link', async (request, reply) => {
    const token = queryOf(request).get('token') ?? '';
    return bare(
      reply,
      200,
      'Open the desk',
      html`<form class="sign-in" method="post" action="/desk/link">
        <input type="hidden" name="token" value="${token}" />
        <p>This link opens the desk once.</p>
        <button>Open the desk</button>
      </form>`,
    );
  });
  app.post('/desk/link', async (request, reply) => {
    const { token = '' } = request.body as { readonly token?: string };
    if (!(await signIn.tryLink(reply, token))) {
      log.emit('desk.refused', { why: 'link', waitMs: 0 });
      return signInPage(reply, 401, 'That link was used before, or is too old. Make a new one.');
    }
    log.emit('desk.signed-in', { by: 'link' });
    return reply.redirect('/desk', 303);
  });
  app.post(
    '/desk/sign-out',
    signedIn(async (_request, reply, person) => {
      await signIn.signOut(reply, person);
      return reply.redirect('/desk/sign-in', 303);
    }),
  );

  app.post(
    '/desk/settle',
    signedIn(async (request, reply, { name }) => {
      const form = settleForm.safeParse(request.body);
      if (!form.success) return plain(reply, 400, 'The desk could not read that form.');
      const { deed, ref, note, back } = form.data;
      const done = await settleNeed(await context.store(), {
        deed,
        ref,
        note: note.trim() || null,
        by: name,
        atMs: context.nowMs(),
      });
      if (done) log.emit('desk.settled', { deed });
      const to = new URL(/^\/desk(?![^/?])/.test(back) ? back : '/desk', 'http://desk');
      to.searchParams.set('done', done ? deed : 'nothing');
      return reply.redirect(`${to.pathname}${to.search}`, 303);
    }),
  );

  show('/desk', async () => {
    const store = await context.store();
    const afterId = await lastEventId(store);
    const [drawn, events, { time }] = await Promise.all([
      drawRegions(context, regions),
      readEvents(store, { afterId: 0, limit: 20 }),
      context.yard(),
    ]);
    const main = drawNow({
      drawn,
      events: events.map((event) => drawEvent(event, time, context.nowMs())),
      afterId: events.at(-1)?.id ?? afterId,
    });
    return { title: 'Now', tab: 'now', main, scripts: ['now.js'], refreshS: 10 };
  });
  app.get('/desk/live', async (request, reply) => {
    const person = await signIn.personOf(request);
    const asked = request.headers['last-event-id'] ?? queryOf(request).get('after');
    reply.hijack();
    const { raw } = reply;
    for (const [name, value] of Object.entries(securityHeaders)) raw.setHeader(name, value);
    const mayRead = async () => (await signIn.personOf(request)) !== undefined;
    if (!person) {
      raw.writeHead(200, { 'content-type': 'text/event-stream' });
      raw.end('event: signed-out\ndata: {}\n\n');
    } else if (!live.add(raw, Number(asked) || 0, mayRead)) {
      raw.writeHead(503).end();
    }
  });

  show('/desk/calls', async (query) => {
    const { time } = await context.yard();
    const found = await readLedger(await context.store(), filterOf(query, time), {
      cursor: query.get('cursor'),
    });
    const main = drawCalls(found, { query, time, nowMs: context.nowMs() });
    return { title: 'Calls', tab: 'calls', main };
  });
  app.get(
    '/desk/calls.csv',
    signedIn(async (request, reply) => {
      const { time } = await context.yard();
      const lines = csvOf(await context.store(), filterOf(queryOf(request), time), time);
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="calls.csv"')
        .send(Readable.from(lines));
    }),
  );
  show('/desk/call', async (query) => {
    const call = await readLedgerCall(await context.store(), query.get('id') ?? '');
    if (!call) return undefined;
    const { time, currency } = await context.yard();
    const recordings = await context.recordings(call.callId);
    const main = drawCall(call, { time, currency, nowMs: context.nowMs(), recordings });
    const whose = callerText(call.lastDigits, 'a withheld number');
    return { title: `Call from ${whose}`, tab: 'calls', main };
  });
  app.get(
    '/desk/recording',
    signedIn(async (request, reply) => {
      const query = queryOf(request);
      const found = (await context.recordings(query.get('id') ?? '')).find(
        ({ startedAtMs, voice }) =>
          `${startedAtMs}` === query.get('at') && voice === query.get('voice'),
      );
      if (!found) return plain(reply, 404, 'There is no such recording.');
      return play(reply, found, request.headers.range);
    }),
  );
  show('/desk/bookings', async (query) => {
    const { time, currency, inventory } = await context.yard();
    const nowMs = context.nowMs();
    const today = time.day(nowMs);
    const asked = askedBookings(query, today);
    const of = { asked, inventory, currency, time, today, nowMs };
    const main = [await drawBookings(await context.store(), of), calendarSection()];
    return { title: 'Bookings', tab: 'bookings', main };
  });
  app.post(
    '/desk/calendar',
    signedIn(async (_request, reply, { name }) => {
      const token = await signIn.renewCalendar();
      const of = { atMs: context.nowMs(), madeBy: name, action: 'calendar renewed', subject: '-' };
      await addAudit(await context.store(), of);
      return bare(
        reply,
        200,
        'The calendar has a new address',
        html`<section>
          <p>
            Give it to your calendar program behind the address of this desk. It is shown this once,
            and the one before it is worth nothing any more.
          </p>
          <p><code>/desk/calendar/${token}.ics</code></p>
          <p><a href="/desk/bookings">Back to the bookings</a></p>
        </section>`,
      );
    }),
  );
  app.get('/desk/calendar/:file', async (request, reply) => {
    const { file } = request.params as { readonly file: string };
    const token = /^([\w-]{43})\.ics$/.exec(file)?.[1];
    if (token === undefined || !(await signIn.isCalendar(token))) {
      return plain(reply, 404, 'There is no such calendar.');
    }
    const { name, time } = await context.yard();
    const day = time.day(context.nowMs());
    const range = { from: addDays(day, -calendarDays), to: addDays(day, calendarDays) };
    const rows = await bookingsByDay(await context.store(), range);
    return reply.type('text/calendar; charset=utf-8').send(calendarText(rows, name));
  });
  show('/desk/figures', async (query) => {
    const { time } = await context.yard();
    const asked = askedFigures(query, time.day(context.nowMs()));
    const main = drawFigures(await readFigures(await context.store(), asked.periods), asked);
    const more = { scripts: ['figures.js'], styles: ['uplot.css'] };
    return { title: 'Figures', tab: 'figures', main, ...more };
  });
  show('/desk/try', async () => ({
    title: 'Call the agent',
    tab: 'try',
    main: drawTry(),
    scripts: ['try.js'],
    headers: callHeaders(calls.origins),
  }));
  app.post(
    '/desk/try',
    signedIn(async (request, reply, { name }) => {
      const { books = 'no' } = request.body as { readonly books?: string };
      const test = books === 'yes' ? 'real' : 'trial';
      const call = await calls.start(test);
      const of = { atMs: context.nowMs(), madeBy: name, action: `call, ${test}` };
      await addAudit(await context.store(), { ...of, subject: call.callId });
      return reply.send(call);
    }),
  );
  app.post(
    '/desk/try/answered',
    signedIn(async (request, reply) => {
      const { callId = '' } = request.body as { readonly callId?: string };
      const isKnown = await calls.answered(callId);
      return reply.code(isKnown ? 200 : 404).send({ isKnown });
    }),
  );
  app.get(
    '/desk/try/words',
    signedIn(async (request, reply) => {
      const id = queryOf(request).get('id') ?? '';
      const { lines } = calls.has(id)
        ? await readTranscript(await context.store(), id)
        : { lines: [] };
      return reply.send(lines.map(({ who, text }) => ({ who, text })));
    }),
  );
  return app;

  async function bare(reply: FastifyReply, status: number, title: string, main: Html) {
    const { name } = await context.yard();
    return send(reply, status, page({ title, tab: null, yard: name, main }));
  }

  async function plain(reply: FastifyReply, status: number, text: string) {
    return bare(
      reply,
      status,
      `${status}`,
      html`<p>${text}</p>
        <p><a href="/desk">To the desk</a></p>`,
    );
  }

  async function signInPage(reply: FastifyReply, status: number, problem: string | null) {
    if (!signIn.takesPasswords) {
      const text = problem ?? 'Open the desk with the link that the terminal printed.';
      return bare(reply, status, 'Sign in', html`<p role="alert">${text}</p>`);
    }
    return bare(
      reply,
      status,
      'Sign in',
      html`<form class="sign-in" method="post" action="/desk/sign-in">
        ${problem !== null && html`<p id="problem" role="alert">${problem}</p>`}
        <label for="name">Your name <span class="quiet">stands beside what you settle</span></label>
        <input id="name" name="name" autocomplete="name" maxlength="60" />
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
          ${problem !== null && html`aria-describedby="problem" aria-invalid="true"`}
        />
        <button>Sign in</button>
      </form>`,
    );
  }
}

function queryOf({ url }: FastifyRequest): URLSearchParams {
  return new URL(url, 'http://desk').searchParams;
}

function send(reply: FastifyReply, status: number, drawn: Html) {
  return reply.code(status).type('text/html; charset=utf-8').send(drawn.toString());
}

const doneTexts: Readonly<Record<string, string>> = {
  called: 'Noted: they were called back.',
  'no-need': 'Dismissed.',
  resolve: 'Resolved.',
  retry: 'What waits for the sheet is tried now.',
  'settle-row': 'The row is settled: as it stands it holds nothing from the next reading on.',
  dismiss: 'Dismissed.',
  nothing: 'Somebody had settled that already.',
};

function doneText(deed: string | null): string | undefined {
  return deed === null ? undefined : doneTexts[deed];
}

function statusOf(error: unknown): number {
  const { statusCode = 500 } = (error ?? {}) as { readonly statusCode?: number };
  return statusCode >= 400 && statusCode < 600 ? statusCode : 500;
}
