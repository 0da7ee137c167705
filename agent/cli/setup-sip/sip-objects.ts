import type { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from 'livekit-server-sdk';

/** True when the rule may take the trunk's calls: a rule without trunks takes any. */
export function takesCallsOf(rule: SIPDispatchRuleInfo, trunk: SIPInboundTrunkInfo): boolean {
  return rule.trunkIds.length === 0 || rule.trunkIds.includes(trunk.sipTrunkId);
}

/** True when the rule makes its rooms with this agent in them. */
export function dispatches(rule: SIPDispatchRuleInfo, agentName: string): boolean {
  return rule.roomConfig?.agents.some((agent) => agent.agentName === agentName) ?? false;
}

/** LiveKit puts the caller's number into the name of each room that an individual rule makes. */
export function namesRoomsByCaller(rule: SIPDispatchRuleInfo): boolean {
  return rule.rule?.rule.case === 'dispatchRuleIndividual';
}

/**
 * True when anyone who knows the SIP address may call in by this trunk. Its numbers do not
 * restrict: they say which one is called, not who calls.
 */
export function isUnrestricted(trunk: SIPInboundTrunkInfo): boolean {
  const { allowedAddresses, authUsername } = trunk;
  const isAnyAddress = allowedAddresses.length === 0 || allowedAddresses.some(isEveryAddress);
  return isAnyAddress && authUsername === '';
}

function isEveryAddress(network: string): boolean {
  return network.endsWith('/0');
}

/** LiveKit takes `+15550100`, `15550100` and `1 555 0100` for one number. */
export function isSameNumber(a: string, b: string): boolean {
  return digitsOf(a) === digitsOf(b);
}

function digitsOf(number: string): string {
  return number.replaceAll(/[\s()+-]/g, '');
}
