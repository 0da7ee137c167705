import { RoomServiceClient, ServerError, SipClient } from 'livekit-server-sdk';
import type { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from 'livekit-server-sdk';
import type { Config } from '../../config/config.ts';
import {
  dispatches,
  isUnrestricted,
  namesRoomsByCaller,
  takesCallsOf,
} from '../setup-sip/sip-objects.ts';
import { fail, ok, warn, type Finding } from '../../config/finding.ts';

const keyAdvice =
  'Set LIVEKIT_API_KEY and LIVEKIT_API_SECRET to a key of the project that LIVEKIT_URL names';

/** Checks that LiveKit is there and takes the key. Rejects without an answer. */
export async function checkLivekit({ livekit }: Config): Promise<Finding> {
  // One answer is wanted, from the address that is set.
  const options = { failover: false };
  const rooms = new RoomServiceClient(livekit.url, livekit.apiKey, livekit.apiSecret, options);
  try {
    await rooms.listRooms();
    return ok('LiveKit takes the key');
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    if (isRefusal(error)) return fail(`LiveKit refuses the key (${error.status})`, keyAdvice);
    const advice = 'Check that LIVEKIT_URL is the address of a LiveKit server or project';
    return fail(`the address answers with ${error.status}, not as LiveKit does`, advice);
  }
}

const setupAdvice = 'Run npm run setup-sip';

/** Checks that telephone calls get to this agent: a trunk, and a rule that dispatches the agent. */
export async function checkSip({ livekit }: Config): Promise<Finding> {
  const options = { failover: false };
  const sip = new SipClient(livekit.url, livekit.apiKey, livekit.apiSecret, options);
  try {
    const [trunks, rules] = await Promise.all([
      sip.listSipInboundTrunk(),
      sip.listSipDispatchRule(),
    ]);
    return findingOfSip(trunks, rules, livekit.agentName);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    if (isRefusal(error)) return fail(`LiveKit refuses the key (${error.status})`, keyAdvice);
    // A server without redis and a SIP gateway answers with 500 "sip not connected".
    return warn(
      `LiveKit has no SIP service (${error.status}): no telephone call can come in`,
      `Use LiveKit Cloud, or run livekit-sip beside the server; then: ${setupAdvice}`,
    );
  }
}

function isRefusal({ status }: ServerError): boolean {
  return status === 401 || status === 403;
}

function findingOfSip(
  trunks: readonly SIPInboundTrunkInfo[],
  rules: readonly SIPDispatchRuleInfo[],
  agentName: string,
): Finding {
  if (trunks.length === 0) return fail('there is no inbound SIP trunk', setupAdvice);
  const ours = trunks.flatMap((trunk) => {
    const rule = rules.find((each) => takesCallsOf(each, trunk) && dispatches(each, agentName));
    return rule ? [{ trunk, rule }] : [];
  });
  if (ours.length === 0) {
    return fail(
      `no dispatch rule brings the agent ${agentName} (AGENT_NAME) into a call: callers would hear ringing only`,
      setupAdvice,
    );
  }
  const doubts = ours.flatMap(({ trunk, rule }) => doubtsAbout(trunk, rule));
  const reached = `calls by ${ours.length} of ${trunks.length} trunks get to ${agentName}`;
  if (doubts.length > 0) return warn([reached, ...doubts].join('; '), setupAdvice);
  return ok(reached);
}

function doubtsAbout(trunk: SIPInboundTrunkInfo, rule: SIPDispatchRuleInfo): string[] {
  const trunkName = `trunk ${trunk.name || trunk.sipTrunkId}`;
  const ruleName = `rule ${rule.name || rule.sipDispatchRuleId}`;
  return [
    ...(isUnrestricted(trunk)
      ? [`${trunkName} takes calls from anyone who knows its address`]
      : []),
    ...(namesRoomsByCaller(rule) ? [`${ruleName} puts callers' numbers into room names`] : []),
    ...(rule.inboundNumbers.length > 0
      ? [`${ruleName} takes calls only from the callers that inboundNumbers lists`]
      : []),
    ...(rule.hidePhoneNumber ? [`${ruleName} hides the caller's number from the agent`] : []),
  ];
}
