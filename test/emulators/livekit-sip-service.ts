import { randomBytes } from 'node:crypto';
import {
  ServerError,
  SIPDispatchRuleInfo,
  SIPInboundTrunkInfo,
  type ClaimGrants,
  type RoomServiceClient,
} from 'livekit-server-sdk';
import { z } from 'zod';
import {
  assertNoRuleConflict,
  assertNoTrunkConflict,
  normalizeNumber,
} from './livekit-sip-conflicts.ts';
import { TransferDesk } from './livekit-sip-transfer.ts';
import { TwirpFailure } from './twirp.ts';

/** What a call of a method is allowed to do, and when it is given up. */
export type SipCall = { readonly grants: ClaimGrants; readonly signal: AbortSignal };

type Json = Parameters<typeof SIPInboundTrunkInfo.fromJson>[0];
type Fields = Readonly<Record<string, Json>>;
type Method = (request: Fields, call: SipCall) => object | Promise<object>;

/** The message types of the SDK agree in this. */
type MessageType<T> = { fromJson(json: Json): T };

/**
 * `livekit.SIP` as livekit-server with redis answers it: inbound trunks, dispatch rules and
 * transfers, kept in memory. It is stricter in one point: the server ignores fields it does not
 * know, and this refuses them, so that a misspelt one is found.
 */
export class SipService {
  readonly trunks = new Map<string, SIPInboundTrunkInfo>();
  readonly rules = new Map<string, SIPDispatchRuleInfo>();
  readonly transfers: TransferDesk;
  readonly #rooms: Pick<RoomServiceClient, 'getParticipant'>;

  constructor(rooms: Pick<RoomServiceClient, 'getParticipant'>) {
    this.#rooms = rooms;
    this.transfers = new TransferDesk();
  }

  readonly #methods: Readonly<Record<string, Method>> = {
    CreateSIPInboundTrunk: (request) => this.#createTrunk(request),
    UpdateSIPInboundTrunk: (request) => this.#updateTrunk(request),
    ListSIPInboundTrunk: (request) => this.#listTrunks(request),
    DeleteSIPTrunk: (request) => this.#deleteTrunk(request),
    CreateSIPDispatchRule: (request) => this.#createRule(request),
    UpdateSIPDispatchRule: (request) => this.#updateRule(request),
    ListSIPDispatchRule: (request) => this.#listRules(request),
    DeleteSIPDispatchRule: (request) => this.#deleteRule(request),
    TransferSIPParticipant: (request, call) => this.#transfer(request, call),
  };

  /** @throws {TwirpFailure} with the real server's code and words. */
  async handle(method: string, body: string, call: SipCall): Promise<object> {
    const run = this.#methods[method];
    if (!run) throw new TwirpFailure('unimplemented', `the emulator has no ${method}`);
    const request = parseRequest(body);
    if (method !== 'TransferSIPParticipant' && call.grants.sip?.admin !== true) throw denied();
    return run(request, call);
  }

  #createTrunk(request: Fields): object {
    const { trunk: json } = fields(request, ['trunk']);
    if (json === undefined) throw invalid('missing trunk');
    const trunk = parseMessage(SIPInboundTrunkInfo, json);
    if (trunk.sipTrunkId !== '') throw invalid('trunk id must not be set');
    validateTrunk(trunk);
    assertNoTrunkConflict([...this.trunks.values(), trunk]);
    trunk.sipTrunkId = newId('ST_');
    return this.#storeTrunk(trunk);
  }

  #updateTrunk(request: Fields): object {
    const { sipTrunkId, replace, update } = fields(request, ['sipTrunkId', 'replace', 'update']);
    const id = String(sipTrunkId ?? '');
    if (id === '') throw invalid('trunk id must be set');
    const current = this.trunks.get(id);
    if (!current) throw new TwirpFailure('not_found', 'requested sip trunk does not exist');
    const trunk = changed(SIPInboundTrunkInfo, current, replace, update);
    if (trunk.sipTrunkId !== '' && trunk.sipTrunkId !== id) {
      throw invalid('trunk id in the info must be empty or match the id in the update');
    }
    trunk.sipTrunkId = id;
    validateTrunk(trunk);
    assertNoTrunkConflict([...this.trunks.values()].map((t) => (t.sipTrunkId === id ? trunk : t)));
    return this.#storeTrunk(trunk);
  }

  #storeTrunk(trunk: SIPInboundTrunkInfo): object {
    this.trunks.set(trunk.sipTrunkId, trunk);
    return toWire(trunk);
  }

  #listTrunks(request: Fields): object {
    const { page, trunkIds, numbers } = fields(request, ['page', 'trunkIds', 'numbers']);
    const ids = strings(trunkIds);
    const wanted = strings(numbers).map(normalizeNumber);
    const items = [...this.trunks.values()].filter(
      (trunk) =>
        (ids.length === 0 || ids.includes(trunk.sipTrunkId)) &&
        matchesAny(trunk.numbers.map(normalizeNumber), wanted),
    );
    return { items: paged(items, (trunk) => trunk.sipTrunkId, page).map(toWire) };
  }

  #deleteTrunk(request: Fields): object {
    const { sipTrunkId } = fields(request, ['sipTrunkId']);
    if (!sipTrunkId) throw invalid('trunk ID is required');
    // The server does not mind a trunk that is not there.
    this.trunks.delete(String(sipTrunkId));
    return { sip_trunk_id: sipTrunkId };
  }

  #createRule(request: Fields): object {
    const { dispatchRule, ...older } = fields(request, ['dispatchRule', ...olderRuleFields]);
    const rule = parseMessage(SIPDispatchRuleInfo, dispatchRule ?? older);
    if (rule.sipDispatchRuleId !== '') throw invalid('rule id must not be set');
    validateRule(rule);
    assertNoRuleConflict([...this.rules.values(), rule]);
    rule.sipDispatchRuleId = newId('SDR_');
    return this.#storeRule(rule);
  }

  #updateRule(request: Fields): object {
    const names = ['sipDispatchRuleId', 'replace', 'update'] as const;
    const { sipDispatchRuleId, replace, update } = fields(request, names);
    const id = String(sipDispatchRuleId ?? '');
    if (id === '') throw invalid('rule id must be set');
    const current = this.#existingRule(id);
    const rule = changed(SIPDispatchRuleInfo, current, replace, update);
    if (rule.sipDispatchRuleId !== '' && rule.sipDispatchRuleId !== id) {
      throw invalid('rule id in the info must be empty or match the id in the update');
    }
    rule.sipDispatchRuleId = id;
    validateRule(rule);
    assertNoRuleConflict(
      [...this.rules.values()].map((r) => (r.sipDispatchRuleId === id ? rule : r)),
    );
    return this.#storeRule(rule);
  }

  #storeRule(rule: SIPDispatchRuleInfo): object {
    this.rules.set(rule.sipDispatchRuleId, rule);
    return toWire(rule);
  }

  #listRules(request: Fields): object {
    const names = ['page', 'dispatchRuleIds', 'trunkIds'] as const;
    const { page, dispatchRuleIds, trunkIds } = fields(request, names);
    const ids = strings(dispatchRuleIds);
    const items = [...this.rules.values()].filter(
      (rule) =>
        (ids.length === 0 || ids.includes(rule.sipDispatchRuleId)) &&
        matchesAny(rule.trunkIds, strings(trunkIds)),
    );
    return { items: paged(items, (rule) => rule.sipDispatchRuleId, page).map(toWire) };
  }

  #deleteRule(request: Fields): object {
    const { sipDispatchRuleId } = fields(request, ['sipDispatchRuleId']);
    if (!sipDispatchRuleId) throw invalid('dispatch rule ID is required');
    const rule = this.#existingRule(String(sipDispatchRuleId));
    this.rules.delete(rule.sipDispatchRuleId);
    return toWire(rule);
  }

  #existingRule(id: string): SIPDispatchRuleInfo {
    const rule = this.rules.get(id);
    if (rule) return rule;
    throw new TwirpFailure('not_found', 'requested sip dispatch rule does not exist');
  }

  async #transfer(request: Fields, { grants, signal }: SipCall): Promise<object> {
    const wanted = this.transfers.parse(fields(request, TransferDesk.fields));
    if (grants.sip?.call !== true) throw denied();
    if (grants.video?.roomAdmin !== true || grants.video.room !== wanted.room) throw denied();
    const callId = await this.#callIdOf(wanted.room, wanted.identity);
    await this.transfers.transfer({ ...wanted, callId }, signal);
    return {};
  }

  async #callIdOf(room: string, identity: string): Promise<string> {
    const participant = await this.#rooms.getParticipant(room, identity).catch((error: unknown) => {
      if (!(error instanceof ServerError) || error.status !== 404) throw error;
      throw new TwirpFailure('not_found', error.message);
    });
    const callId = participant.attributes['sip.callID'];
    if (callId !== undefined) return callId;
    throw invalid('no SIP session associated with participant');
  }
}

/** The fields of a create request from before `dispatchRule`, which the SDK still sends. */
const olderRuleFields = [
  'rule',
  'trunkIds',
  'inboundNumbers',
  'hidePhoneNumber',
  'name',
  'metadata',
  'attributes',
  'roomPreset',
  'roomConfig',
] as const;

const jsonSchema: z.ZodType<Json> = z.json();
const objectSchema = z.record(z.string(), jsonSchema);

function parseRequest(body: string): Fields {
  try {
    return objectSchema.parse(JSON.parse(body));
  } catch {
    throw malformed();
  }
}

/** The request's fields by their camelCase names; JSON for protobuf may use snake_case as well. */
function fields<Name extends string>(
  request: Fields,
  known: readonly Name[],
): { readonly [K in Name]?: Json } {
  const found: { [K in Name]?: Json } = {};
  for (const [key, value] of Object.entries(request)) {
    const camel = key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const name = known.find((candidate) => candidate === camel);
    if (name === undefined) throw malformed(`unknown field "${key}"`);
    found[name] = value;
  }
  return found;
}

function parseMessage<T>(type: MessageType<T>, json: Json): T {
  try {
    return type.fromJson(json);
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : '');
  }
}

const listUpdateSchema = z.strictObject({
  set: z.array(z.string().min(1)).default([]),
  add: z.array(z.string().min(1)).default([]),
  remove: z.array(z.string().min(1)).default([]),
  clear: z.boolean().default(false),
});

/** The message after an update: replaced as a whole, or changed in the fields that were sent. */
function changed<T extends { toJson(): Json }>(
  type: MessageType<T>,
  current: T,
  replace: Json | undefined,
  update: Json | undefined,
): T {
  if (replace !== undefined) return parseMessage(type, replace);
  const changes = objectSchema.safeParse(update);
  if (!changes.success) throw invalid('missing or unsupported update action');
  const next = { ...objectSchema.parse(current.toJson()) };
  for (const [name, value] of Object.entries(changes.data)) {
    const isList = Array.isArray(next[name]) || isListUpdate(value);
    next[name] = isList ? updatedList(strings(next[name]), value) : value;
  }
  return parseMessage(type, next);
}

function isListUpdate(value: Json): boolean {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return keys.length > 0 && keys.every((key) => ['set', 'add', 'remove', 'clear'].includes(key));
}

function updatedList(list: readonly string[], update: Json): string[] {
  const parsed = listUpdateSchema.safeParse(update);
  if (!parsed.success) throw invalid('unsupported list update operation');
  const { set, add, remove, clear } = parsed.data;
  if (clear) return [];
  if (set.length > 0) return set;
  if (add.length + remove.length === 0) throw invalid('unsupported list update operation');
  return [...new Set([...list.filter((item) => !remove.includes(item)), ...add])];
}

function validateTrunk(trunk: SIPInboundTrunkInfo): void {
  const hasAuth = trunk.authUsername !== '' || trunk.authPassword !== '';
  if (hasAuth || trunk.allowedAddresses.length > 0 || trunk.numbers.length > 0) return;
  throw invalid(
    'for security, one of the fields must be set: ' +
      'AuthUsername+AuthPassword, AllowedAddresses or Numbers',
  );
}

function validateRule(rule: SIPDispatchRuleInfo): void {
  if (!rule.rule?.rule.case) throw invalid('missing rule');
}

/** Nothing asked for, or nothing restricted, matches. */
function matchesAny(own: readonly string[], wanted: readonly string[]): boolean {
  return wanted.length === 0 || own.length === 0 || own.some((item) => wanted.includes(item));
}

const pageSchema = z.object({ afterId: z.string().default(''), limit: z.int().default(0) });

function paged<T>(items: readonly T[], idOf: (item: T) => string, page: Json | undefined): T[] {
  const { afterId, limit } = pageSchema.parse(page ?? {});
  const after = items
    .filter((item) => idOf(item) > afterId)
    .toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  return limit > 0 ? after.slice(0, limit) : after;
}

function strings(json: Json | undefined): readonly string[] {
  const parsed = z.array(z.string()).safeParse(json ?? []);
  if (!parsed.success) throw malformed();
  return parsed.data;
}

/** Snake case and no field left out: how Twirp's Go server writes JSON. */
function toWire(message: SIPInboundTrunkInfo | SIPDispatchRuleInfo): object {
  const json = message.toJson({ useProtoFieldName: true, emitDefaultValues: true });
  return objectSchema.parse(json);
}

function newId(prefix: string): string {
  return prefix + randomBytes(6).toString('hex');
}

function denied(): TwirpFailure {
  return new TwirpFailure('unauthenticated', 'permissions denied');
}

function invalid(message: string): TwirpFailure {
  return new TwirpFailure('invalid_argument', message);
}

function malformed(why = ''): TwirpFailure {
  const message = 'the json request could not be decoded';
  return new TwirpFailure('malformed', why === '' ? message : `${message}: ${why}`);
}
