import type { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from 'livekit-server-sdk';

/** Whether calls that come in by this trunk may fall under this rule: one without trunks takes any. */
export function takesCallsOf(rule: SIPDispatchRuleInfo, trunk: SIPInboundTrunkInfo): boolean {
  return rule.trunkIds.length === 0 || rule.trunkIds.includes(trunk.sipTrunkId);
}

/** Whether the room of a call under this rule is made with this agent in it. */
export function dispatches(rule: SIPDispatchRuleInfo, agentName: string): boolean {
  return rule.roomConfig?.agents.some((agent) => agent.agentName === agentName) ?? false;
}

/** LiveKit puts the caller's number into the name of each room that an individual rule makes. */
export function namesRoomsByCaller(rule: SIPDispatchRuleInfo): boolean {
  return rule.rule?.rule.case === 'dispatchRuleIndividual';
}

/**
 * Whether anyone who knows the SIP address may call in by this trunk. Its numbers do not restrict:
 * they say what is called, not who calls.
 */
export function isUnrestricted(trunk: SIPInboundTrunkInfo): boolean {
  return trunk.allowedAddresses.length === 0 && trunk.authUsername === '';
}
