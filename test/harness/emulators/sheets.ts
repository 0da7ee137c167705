import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import timers from 'node:timers/promises';
import { Faults, type Fault } from './faults.ts';
import { answerWithFault, FaultyBody, sendJson } from './http-faults.ts';
import { listenOnLoopback } from './loopback-server.ts';
import type { CellInput } from './sheets-cell.ts';
import { createDocument, type SheetsDocument } from './sheets-document.ts';
import { errorForStatus, GoogleError, quotaExceeded } from './sheets-error.ts';
import { handleSheetsRequest, routeOf, type SheetsRoute } from './sheets-methods.ts';
import { staffHands } from './sheets-staff.ts';

/** How the spreadsheet is shared with the service account that asks. */
export type Sharing = 'none' | 'viewer' | 'editor';

/** One request as it came in. `kind` is Google's name of the method, and the endpoint of faults. */
export type SheetsRequest = {
  readonly method: string;
  readonly kind: string;
  readonly ranges: readonly string[];
  readonly atMs: number;
};

/** Requests per minute and user that Google allows (ecosystem-facts 2.3). */
export type SheetsQuota = { readonly readsPerMinute: number; readonly writesPerMinute: number };

/** A running emulator, with the hands of the staff who edit the sheet meanwhile. */
export type SheetsEmulator = Awaited<ReturnType<typeof startSheetsEmulator>>;

const GOOGLE_QUOTA: SheetsQuota = { readsPerMinute: 60, writesPerMinute: 60 };

type State = {
  document: SheetsDocument;
  sharing: Sharing;
  quota: SheetsQuota | null;
  latencyMs: number;
};

/**
 * Google Sheets v4 on a real socket, with one spreadsheet and Google's quota. Faults go by the
 * method's name (`values.batchGet`, `values.append`, ...) and may choose by its ranges.
 */
export async function startSheetsEmulator(options: {
  readonly spreadsheetId: string;
  readonly tabs: Readonly<Record<string, readonly (readonly CellInput[])[]>>;
  readonly port?: number;
  readonly latencyMs?: number;
}) {
  const state: State = {
    document: createDocument(options.spreadsheetId, options.tabs),
    sharing: 'editor',
    quota: GOOGLE_QUOTA,
    latencyMs: options.latencyMs ?? 0,
  };
  const faults = new Faults();
  const requests: SheetsRequest[] = [];
  const spend = createQuotaCounter(() => state.quota);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? '';
    const body = await text(request);
    const route = routeOf(method, new URL(request.url ?? '/', 'http://sheets.invalid'));
    const { kind = 'unknown', ranges = [] } = route ?? {};
    requests.push({ method, kind, ranges, atMs: Date.now() });
    if (!route) {
      response.writeHead(404, { 'Content-Type': 'text/html; charset=UTF-8' }).end(NOT_FOUND_PAGE);
      return;
    }
    const fault = faults.take(kind, ranges.join(' '));
    if (state.latencyMs > 0) await timers.setTimeout(state.latencyMs);
    await respond(response, fault, () => answer(state, spend, route, body));
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  const listening = await listenOnLoopback(server, options.port);

  return {
    baseUrl: `http://127.0.0.1:${listening.port}`,
    faults,
    /** Every request so far, oldest first. */
    requests: requests as readonly SheetsRequest[],
    ...staffHands(() => state.document),
    setSharing(sharing: Sharing) {
      state.sharing = sharing;
    },
    /** null counts nothing. */
    setQuota(quota: SheetsQuota | null) {
      state.quota = quota;
    },
    setLatency(latencyMs: number) {
      state.latencyMs = latencyMs;
    },
    /** Ends every connection, hanging ones too. */
    close: () => listening.close(),
  };
}

type Answer = { readonly status: number; readonly body: object };

function answer(
  state: State,
  spend: (kind: 'Read' | 'Write') => void,
  route: SheetsRoute,
  body: string,
): Answer {
  try {
    spend(route.writes ? 'Write' : 'Read');
    assertAccess(state, route);
    const result = handleSheetsRequest(state.document, route, body);
    state.document = result.document;
    return { status: 200, body: result.body };
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error;
    return { status: error.code, body: error.toBody() };
  }
}

/** @throws {GoogleError} 404 for another spreadsheet, 403 where the account may not do this. */
function assertAccess({ document, sharing }: State, route: SheetsRoute): void {
  if (route.spreadsheetId !== document.id) throw errorForStatus(404);
  if (sharing === 'none' || (sharing === 'viewer' && route.writes)) throw errorForStatus(403);
}

/** Google refills each minute; a request that was refused costs nothing. */
function createQuotaCounter(quotaNow: () => SheetsQuota | null): (kind: 'Read' | 'Write') => void {
  const spent = { minute: 0, Read: 0, Write: 0 };
  return (kind) => {
    const quota = quotaNow();
    if (!quota) return;
    const minute = Math.floor(Date.now() / 60_000);
    if (minute !== spent.minute) Object.assign(spent, { minute, Read: 0, Write: 0 });
    const limit = kind === 'Read' ? quota.readsPerMinute : quota.writesPerMinute;
    if (spent[kind] >= limit) throw quotaExceeded(kind, limit);
    spent[kind] += 1;
  };
}

async function respond(
  response: ServerResponse,
  fault: Fault | undefined,
  answerNow: () => Answer,
): Promise<void> {
  if (fault?.do === 'drop' && fault.applied) answerNow();
  if (await answerWithFault(fault, response, errorBody)) return;
  const { status, body } = answerNow();
  if (fault?.do !== 'truncate' && fault?.do !== 'stall') return sendJson(response, status, body);
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': bytes.length,
  });
  const faulty = new FaultyBody(response, fault, 'bytes');
  for (const byte of bytes) await faulty.write(Buffer.of(byte));
  faulty.end();
}

function errorBody(status: number): object {
  return errorForStatus(status).toBody();
}

const NOT_FOUND_PAGE =
  '<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title>' +
  '<p>The requested URL was not found on this server.</html>';
