import type { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from 'livekit-server-sdk';
import { TwirpFailure } from './twirp.ts';

// The rules and the words of livekit/protocol 1.48.2, sip/sip.go.

/** @throws {TwirpFailure} when two trunks would take the same call. */
export function assertNoTrunkConflict(trunks: readonly SIPInboundTrunkInfo[]): void {
  const owners = new Map<string, SIPInboundTrunkInfo>();
  for (const trunk of trunks) {
    for (const number of orAny(trunk.numbers)) {
      for (const caller of orAny(trunk.allowedNumbers)) {
        const key = JSON.stringify([normalizeNumber(number), normalizeNumber(caller)]);
        const owner = owners.get(key);
        if (owner && owner !== trunk) throw trunkConflict(trunk, owner, caller);
        owners.set(key, trunk);
      }
    }
  }
}

/** @throws {TwirpFailure} when two rules would decide about the same call. */
export function assertNoRuleConflict(rules: readonly SIPDispatchRuleInfo[]): void {
  const owners = new Map<string, SIPDispatchRuleInfo>();
  for (const rule of rules) {
    const pin = rule.rule?.rule.value?.pin ?? '';
    for (const trunk of orAny(rule.trunkIds)) {
      for (const caller of orAny(rule.inboundNumbers)) {
        for (const number of orAny(rule.numbers)) {
          const key = JSON.stringify([
            pin,
            trunk,
            normalizeNumber(number),
            normalizeNumber(caller),
          ]);
          const owner = owners.get(key);
          if (owner) throw ruleConflict(owner);
          owners.set(key, rule);
        }
      }
    }
  }
}

/** `555-0100`, `5550100` and `+5550100` are one number to LiveKit; other text stays as it is. */
export function normalizeNumber(number: string): string {
  if (!/^\+?[\d\- ()]+$/.test(number)) return number;
  const bare = number.replaceAll(/[ \-()]/g, '');
  return bare.startsWith('+') ? bare : `+${bare}`;
}

/** A list that names nothing matches anything; the empty string stands for that. */
function orAny(names: readonly string[]): readonly string[] {
  return names.length > 0 ? names : [''];
}

function trunkConflict(
  trunk: SIPInboundTrunkInfo,
  owner: SIPInboundTrunkInfo,
  caller: string,
): TwirpFailure {
  const numbers = trunk.numbers.length > 0 ? `[${trunk.numbers.map(quote).join(' ')}]` : '<any>';
  const which = caller === '' ? 'without AllowedNumbers set' : `and AllowedNumber ${quote(caller)}`;
  return new TwirpFailure(
    'invalid_argument',
    `Conflicting inbound SIP Trunks: ${quote(trunk.sipTrunkId || '<new>')} and ` +
      `${quote(owner.sipTrunkId || '<new>')}, using the same number(s) ${numbers} ${which}`,
  );
}

function ruleConflict(owner: SIPDispatchRuleInfo): TwirpFailure {
  return new TwirpFailure(
    'invalid_argument',
    'Dispatch rule for the same trunk, inbound number, number, and PIN combination already ' +
      `exists in dispatch rule ${quote(owner.sipDispatchRuleId || '<new>')} ` +
      quote(owner.name || '<blank name>'),
  );
}

function quote(text: string): string {
  return JSON.stringify(text);
}
