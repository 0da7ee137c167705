import {
  RoomAgentDispatch,
  RoomConfiguration,
  SIPDispatchRule,
  SIPDispatchRuleCallee,
  SIPDispatchRuleInfo,
  SIPInboundTrunkInfo,
} from 'livekit-server-sdk';
import { SetupSipError, type SetupSipArguments } from './arguments.ts';
import { dispatches, isSameNumber, isUnrestricted } from './sip-objects.ts';

/** The action on one object, and the object after it. `changes` is empty for `keep`. */
export type Plan<T> = {
  readonly action: 'create' | 'update' | 'keep';
  readonly info: T;
  readonly changes: readonly string[];
};

/** The name of the trunk and of the rule. */
const objectName = 'pickup';
/** Rooms are `call_<number called>_<random>`: the called number, so that no log holds the caller's. */
export const roomPrefix = 'call';

/**
 * The trunk as it is to be. Ours is the one of our name, or one that has only numbers of ours.
 * @throws {SetupSipError} when another trunk has a number, or anyone could call in.
 */
export function planTrunk(
  trunks: readonly SIPInboundTrunkInfo[],
  wanted: SetupSipArguments,
): Plan<SIPInboundTrunkInfo> {
  const current = findTrunk(trunks, wanted.numbers ?? []);
  if (!current && !wanted.numbers) {
    throw new SetupSipError('SETUP_SIP_USAGE', 'There is no trunk yet: --number says for which');
  }
  const info = current?.clone() ?? new SIPInboundTrunkInfo({ name: objectName });
  if (wanted.numbers) info.numbers = [...wanted.numbers];
  if (wanted.allowedAddresses) info.allowedAddresses = [...wanted.allowedAddresses];
  if (wanted.login) {
    info.authUsername = wanted.login.username;
    info.authPassword = wanted.login.password;
  }
  if (wanted.unrestricted) {
    Object.assign(info, { allowedAddresses: [], authUsername: '', authPassword: '' });
  }
  assertNumbersFree(info, trunks);
  if (isUnrestricted(info) && !wanted.unrestricted) throw unrestricted();
  return asPlan(current, info, {
    numbers: (trunk) => listOf(trunk.numbers),
    'allowed addresses': (trunk) => listOf(trunk.allowedAddresses),
    username: (trunk) => trunk.authUsername || 'none',
    // Said to have changed, and never shown.
    password: (trunk) => trunk.authPassword,
  });
}

/**
 * The rule as it is to be, for a trunk that may still be without an id. Ours is the one of our name,
 * or one that is for this trunk alone and dispatches the agent already.
 * @throws {SetupSipError} when another rule takes the trunk's calls.
 */
export function planRule(
  rules: readonly SIPDispatchRuleInfo[],
  options: {
    readonly trunk: SIPInboundTrunkInfo;
    readonly knownTrunkIds: readonly string[];
    readonly agentName: string;
  },
): Plan<SIPDispatchRuleInfo> {
  const { trunk, knownTrunkIds, agentName } = options;
  const trunkId = trunk.sipTrunkId;
  const ofTrunk = rules.filter((rule) => trunkId !== '' && rule.trunkIds.includes(trunkId));
  const current = findRule(rules, ofTrunk, agentName);
  const other = ofTrunk.find((rule) => rule !== current);
  if (other) throw ruleConflict(other);
  const info = current?.clone() ?? new SIPDispatchRuleInfo({ name: objectName });
  if (!current || info.trunkIds.length > 0) {
    const others = info.trunkIds.filter((id) => id !== trunkId && knownTrunkIds.includes(id));
    info.trunkIds = [...others, trunkId];
  }
  const value = new SIPDispatchRuleCallee({ roomPrefix, randomize: true });
  info.rule = new SIPDispatchRule({ rule: { case: 'dispatchRuleCallee', value } });
  info.hidePhoneNumber = false;
  info.roomConfig ??= new RoomConfiguration();
  const agent = info.roomConfig.agents.find((each) => each.agentName === agentName);
  info.roomConfig.agents = [agent ?? new RoomAgentDispatch({ agentName })];
  return asPlan(current, info, {
    trunks: (rule) => (rule.trunkIds.length === 0 ? 'any' : listOf(rule.trunkIds)),
    'room names': (rule) => JSON.stringify(rule.rule?.toJson() ?? null),
    "caller's number": (rule) => (rule.hidePhoneNumber ? 'hidden' : 'shown to the agent'),
    agents: (rule) => listOf(rule.roomConfig?.agents.map((each) => each.agentName) ?? []),
  });
}

function findTrunk(
  trunks: readonly SIPInboundTrunkInfo[],
  numbers: readonly string[],
): SIPInboundTrunkInfo | undefined {
  const isOurs = (number: string) => numbers.some((wanted) => isSameNumber(wanted, number));
  return (
    onlyOne(
      'trunk',
      trunks.filter((trunk) => trunk.name === objectName),
    ) ?? trunks.find((trunk) => trunk.numbers.length > 0 && trunk.numbers.every(isOurs))
  );
}

function findRule(
  rules: readonly SIPDispatchRuleInfo[],
  ofTrunk: readonly SIPDispatchRuleInfo[],
  agentName: string,
): SIPDispatchRuleInfo | undefined {
  return (
    onlyOne(
      'dispatch rule',
      rules.filter((rule) => rule.name === objectName),
    ) ?? ofTrunk.find((rule) => rule.trunkIds.length === 1 && dispatches(rule, agentName))
  );
}

function onlyOne<T>(what: string, named: readonly T[]): T | undefined {
  if (named.length <= 1) return named[0];
  const message = `There are ${named.length} objects of the kind ${what} named "${objectName}": delete all but one`;
  throw new SetupSipError('SETUP_SIP_CONFLICT', message);
}

function assertNumbersFree(
  info: SIPInboundTrunkInfo,
  trunks: readonly SIPInboundTrunkInfo[],
): void {
  for (const trunk of trunks) {
    if (trunk.sipTrunkId === info.sipTrunkId) continue;
    const taken = info.numbers.find((number) =>
      trunk.numbers.some((other) => isSameNumber(number, other)),
    );
    if (taken === undefined) continue;
    const message = `The number ${taken} belongs to the trunk "${trunk.name}" (${trunk.sipTrunkId}): take it away from there, or leave it out here`;
    throw new SetupSipError('SETUP_SIP_CONFLICT', message);
  }
}

function unrestricted(): SetupSipError {
  return new SetupSipError(
    'SETUP_SIP_UNRESTRICTED',
    `Anyone who finds the SIP address could call in by this trunk, past the carrier, at your cost.
Say where calls may come from (--allow-address, the carrier lists its networks), or what the
carrier signs in with (--username and --password-env). --unrestricted does without.`,
  );
}

function ruleConflict(rule: SIPDispatchRuleInfo): SetupSipError {
  const agents = rule.roomConfig?.agents.map((agent) => agent.agentName) ?? [];
  const message = `The dispatch rule "${rule.name}" (${rule.sipDispatchRuleId}), for ${listOf(agents)}, takes the calls of this trunk: delete it, or take the trunk out of it`;
  return new SetupSipError('SETUP_SIP_CONFLICT', message);
}

/** Compares what people can set, name by name; the rest of the object stays as it is. */
function asPlan<T>(
  current: T | undefined,
  info: T,
  shown: Readonly<Record<string, (info: T) => string>>,
): Plan<T> {
  if (current === undefined) return { action: 'create', info, changes: [] };
  const changes = Object.entries(shown)
    .filter(([, show]) => show(current) !== show(info))
    .map(([name, show]) =>
      name === 'password' ? 'password' : `${name}: ${show(current)} -> ${show(info)}`,
    );
  return { action: changes.length > 0 ? 'update' : 'keep', info, changes };
}

function listOf(names: readonly string[]): string {
  return names.length > 0 ? [...names].sort().join(', ') : 'none';
}
