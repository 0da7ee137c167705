import { randomBytes } from 'node:crypto';
import {
  ServerError,
  SIPDispatchRuleInfo,
  SIPInboundTrunkInfo,
  type ClaimGrants,
  type RoomServiceClient,
} from 'livekit-server-sdk';
import {
  assertNoRuleConflict,
  assertNoTrunkConflict,
  normalizeNumber,
} from './livekit-sip-conflicts.ts';
import {
  changed,
  fields,
  invalid,
  paged,
  parseMessage,
  parseRequest,
  strings,
  text,
  toWire,
  type Fields,
} from './livekit-sip-json.ts';
import { TransferDesk } from './livekit-sip-transfer.ts';
import { TwirpFailure } from './twirp.ts';

/** What a call of a method is allowed to do, and when it is given up. */
export type SipCall = { readonly grants: ClaimGrants; readonly signal: AbortSignal };

type Method = (request: Fields, call: SipCall) => object | Promise<object>;

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
    const id = text(sipTrunkId);
    if (id === '') throw invalid('trunk id must be set');
    const current = this.trunks.get(id);
    if (!current) throw new TwirpFailure('not_found', 'requested sip trunk does not exist');
    const trunk = changed(SIPInboundTrunkInfo, current, { replace, update, known: trunkUpdates });
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
    const id = text(sipTrunkId);
    if (id === '') throw invalid('trunk ID is required');
    // The server does not mind a trunk that is not there.
    this.trunks.delete(id);
    return { sip_trunk_id: id };
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
    const id = text(sipDispatchRuleId);
    if (id === '') throw invalid('rule id must be set');
    const current = this.#existingRule(id);
    const rule = changed(SIPDispatchRuleInfo, current, { replace, update, known: ruleUpdates });
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
    const id = text(sipDispatchRuleId);
    if (id === '') throw invalid('dispatch rule ID is required');
    const rule = this.#existingRule(id);
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

/** The fields of `SIPInboundTrunkUpdate` and of `SIPDispatchRuleUpdate`. */
const trunkUpdates = [
  'numbers',
  'allowedAddresses',
  'allowedNumbers',
  'authUsername',
  'authPassword',
  'authRealm',
  'name',
  'metadata',
  'mediaEncryption',
  'media',
];
const ruleUpdates = [
  'trunkIds',
  'rule',
  'name',
  'metadata',
  'attributes',
  'mediaEncryption',
  'media',
];

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

function newId(prefix: string): string {
  return prefix + randomBytes(6).toString('hex');
}

function denied(): TwirpFailure {
  return new TwirpFailure('unauthenticated', 'permissions denied');
}
