import { initializeLogger, voice } from '@livekit/agents';
import type { Room } from '@livekit/rtc-node';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Conversation } from '../../agent/call/conversation/conversation.ts';
import { Escalation } from '../../agent/call/conversation/escalation.ts';
import { BookingClient } from '../../agent/call/persistence/booking-client.ts';
import { loadConfig } from '../../agent/config/config.ts';
import { openStore, type Store } from '../../agent/infra/store/database.ts';
import { readSnapshot } from '../../agent/infra/store/snapshots.ts';
import type { JobPeer } from '../../agent/ipc/server.ts';
import { FallbackLlm } from '../../agent/speech/llm/fallback-llm.ts';
import { createOpenAiModel } from '../../agent/speech/llm/openai-model.ts';
import { GOODBYE, TRANSFERRING } from '../../agent/speech/prompts/prompts.ts';
import type { CallSpeech } from '../../agent/speech/session.ts';
import { BookingGateway } from '../../agent/supervisor/sheet/booking-gateway.ts';
import { InventorySync } from '../../agent/supervisor/sheet/inventory-sync.ts';
import { isSpanish } from '../../tools/dialogue/urgency.ts';
import { commitBooking } from '../../tools/journal/commit-booking.ts';
import { currentBookings } from '../../tools/journal/journal.ts';
import { inventoryFromJson, inventorySnapshot } from '../../tools/sheet/read/inventory-snapshot.ts';
import type { Inventory } from '../../tools/yard/equipment.ts';
import { todayIn } from '../../tools/yard/rental-dates.ts';
import { withJournal } from '../../tools/yard/with-journal.ts';
import { startSheetsEmulator } from '../harness/emulators/sheets.ts';
import { eventually } from '../harness/eventually.ts';
import { recordedLog } from '../harness/recorded-log.ts';
import { exampleSheet } from '../harness/yard/example-sheet.ts';
import { playCaller, playCallerByModel, type Agent, type Model, type Turn } from './caller.ts';
import { readEnd, type EndState } from './end-state.ts';
import type { Scenario } from './scenario.ts';

initializeLogger({ pretty: false, level: 'silent' });

/** A call that was held, and what it left. */
export type HeldCall = EndState & {
  readonly turns: readonly Turn[];
  readonly rings: readonly string[];
  readonly tools: readonly string[];
  /** Of the agent's model; null where it does not tell. */
  readonly tokensIn: number | null;
  readonly tokensOut: number | null;
  readonly durationMs: number;
};

const callId = 'SCL_eval';
const clock = { nowMs: () => Date.now() };
/** A model of the real kind thinks for seconds; a turn of several tools takes some of those. */
const turnMs = 60_000;

/**
 * Holds the call of a scenario in text, with the product's own conversation, tools, check, consent,
 * journal (SQLite) and sheet writer; only its voice and its hearing are left out.
 */
export async function holdTextCall(
  scenario: Scenario,
  model: Model,
  { callerIsModel = false } = {},
): Promise<HeldCall> {
  await using cleanUp = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'pickup-eval-'));
  cleanUp.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const sheets = await startSheetsEmulator({ spreadsheetId: 'eval', tabs: sheetOf(scenario) });
  sheets.setQuota(null);
  cleanUp.defer(() => sheets.close());
  const config = loadConfig({
    LIVEKIT_URL: 'ws://127.0.0.1:1',
    LIVEKIT_API_KEY: 'none',
    LIVEKIT_API_SECRET: 'none-of-thirty-two-characters-at-all',
    DEEPGRAM_API_KEY: 'none',
    OPENAI_API_KEY: model.apiKey,
    GOOGLE_SHEET_ID: 'eval',
    SHEETS_BASE_URL: sheets.baseUrl,
    DATA_DIR: folder,
  });
  const store = await openStore({ dataDir: folder });
  cleanUp.defer(() => store.close());
  const { log } = recordedLog();
  const sync = new InventorySync({ config, store, log, onChanged: () => {} });
  cleanUp.defer(() => sync.stop());
  await sync.start();
  const gateway = new BookingGateway({ config, store, log, refresh: () => sync.refreshNow() });
  cleanUp.defer(() => gateway.stop());
  gateway.start();
  const codes = await bookBefore(scenario, store);
  const job = { send: (order) => desk.onOrder(order) } as Pick<JobPeer, 'send'> as JobPeer;
  const desk = new BookingClient({
    callId: () => callId,
    store: async () => store,
    inventory: () => inventoryOf(store),
    send: (report) => {
      if (report.type === 'ask' || report.type === 'booking-committed')
        gateway.onReport(job, report);
      return true;
    },
    log,
  });
  const rings: string[] = [];
  const tools: string[] = [];
  let isOver = false;
  const { session, tokens } = textSession(model);
  const ended = new AbortController();
  const transfer = (numbers: readonly string[]) => {
    rings.push(...numbers);
    isOver = true;
    return true;
  };
  const conversation = new Conversation({
    config,
    speech: { session } as CallSpeech,
    inventory: await inventoryOf(store),
    reload: () => inventoryOf(store),
    onChanged: () => {},
    onWithheld: () => {},
    onUrgent: (kind, words) =>
      void (escalating = escalation.escalate(kind, words, isSpanish(words))),
    tools: {
      callId,
      caller: { phoneNumber: scenario.number },
      desk,
      signal: ended.signal,
      onToolUsed: (name) => void tools.push(name),
      endCall: () => {
        isOver = true;
        say(GOODBYE);
      },
      transfer: (numbers) => {
        transfer(numbers);
        say(TRANSFERRING);
      },
    },
  });
  const say = (text: string) => void conversation.say({ text, audio: undefined });
  let escalating = Promise.resolve();
  const escalation = new Escalation({
    callerNumber: scenario.number,
    desk,
    apology: { offerCallBack: async () => 'Tenemos su número, y le llamaremos.' },
    log,
    yard: async () => (await inventoryOf(store))?.yard,
    transfer: (numbers, { before }) => {
      for (const text of before) say(text);
      return transfer(numbers);
    },
    say,
  });
  await conversation.start(undefined as unknown as Room, 'sip_eval');
  cleanUp.defer(() => session.close());
  const heard = () =>
    conversation.saved.items.flatMap((item) =>
      item.kind === 'spoken' && item.by === 'agent' ? [item.words] : [],
    );
  const startedMs = performance.now();
  const agent: Agent = async (line) => {
    if (isOver) return null;
    const words = line.replaceAll('{code}', codes[0] ?? '');
    const count = heard().length;
    session.generateReply({ userInput: words });
    const isAnswered = () => heard().length > count || isOver;
    const isQuiet = () => session.agentState === 'listening';
    await eventually(`an answer to "${words}"`, () => isAnswered() && isQuiet(), turnMs);
    await escalating;
    await eventually('all of it is said', isQuiet, turnMs);
    return heard().slice(count).join(' ');
  };
  const turns = await (callerIsModel
    ? playCallerByModel(scenario, agent, model)
    : playCaller(scenario, agent));
  const durationMs = Math.round(performance.now() - startedMs);
  ended.abort();
  return {
    ...(await readEnd(store, sheets, staffIdsOf(scenario))),
    turns,
    rings,
    tools,
    tokensIn: tokens.in,
    tokensOut: tokens.out,
    durationMs,
  };
}

/** A session that hears text and answers in text, and counts what its model costs. */
function textSession({ apiKey, baseUrl, model }: Model) {
  const tokens = { in: 0, out: 0 };
  const llm = new FallbackLlm({
    models: [createOpenAiModel({ apiKey, baseUrl, model })],
    fillers: [],
    onTrouble: () => {},
  });
  const session = new voice.AgentSession({
    llm,
    vad: null,
    turnHandling: { turnDetection: null },
  });
  session.on(voice.AgentSessionEventTypes.MetricsCollected, ({ metrics }) => {
    if (metrics.type !== 'llm_metrics') return;
    tokens.in += metrics.promptTokens;
    tokens.out += metrics.completionTokens;
  });
  session.on(voice.AgentSessionEventTypes.Error, () => {});
  session.output.audio = null;
  return { session, tokens };
}

/** The example's sheet with the scenario's rows. */
export function sheetOf({ sheet, tabs }: Scenario): typeof exampleSheet {
  const own = Object.entries(sheet).map(
    ([tab, rows]) => [tab, [...(tabs[tab] ?? exampleSheet[tab] ?? []), ...rows]] as const,
  );
  return { ...exampleSheet, ...tabs, ...Object.fromEntries(own) };
}

async function inventoryOf(store: Store): Promise<Inventory | null> {
  const snapshot = await readSnapshot(store, inventorySnapshot);
  if (!snapshot) return null;
  const inventory = inventoryFromJson(snapshot.json);
  const today = todayIn(inventory.yard.timeZone, clock);
  return withJournal(inventory, await currentBookings(store, today));
}

/** The booking ids of rows that staff wrote. */
export function staffIdsOf({ sheet }: Scenario): readonly string[] {
  return (sheet['Bookings'] ?? []).map(([id]) => String(id));
}

/** Makes the bookings of before, as an earlier call would; returns their codes. */
export async function bookBefore(
  { booked, number }: Scenario,
  store: Store,
): Promise<readonly string[]> {
  const codes: string[] = [];
  for (const [at, { item, from, to, customer, total, phone }] of booked.entries()) {
    const inventory = await inventoryOf(store);
    if (!inventory) throw new Error('The sheet was not read');
    const result = await commitBooking(store, {
      callId: `SCL_before_${at}`,
      clock,
      request: {
        lines: [{ itemId: item, start: from, end: to, totalCents: (total ?? 0) * 100 }],
        customer,
        phone: phone ?? number ?? '+13125550142',
        callerPhone: phone ?? number,
        inventory,
      },
    });
    if (result.kind === 'refused') throw new Error(`${item} could not be booked before`);
    codes.push(result.bookings[0]?.code ?? '');
  }
  return codes;
}
