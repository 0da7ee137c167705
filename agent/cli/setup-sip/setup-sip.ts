import { ServerError, SipClient } from 'livekit-server-sdk';
import type { SIPDispatchRuleInfo, SIPInboundTrunkInfo } from 'livekit-server-sdk';
import { ConfigError } from '../../config/config.ts';
import type { Config } from '../../config/config.ts';
import { withDeadline } from '../../infra/deadline.ts';
import { findingOfError } from '../../config/finding.ts';
import { textCleaner } from '../../infra/log.ts';
import { readArguments, SetupSipError, usage, type SetupSipArguments } from './arguments.ts';
import { carrierSettings } from './carrier.ts';
import { planRule, planTrunk, roomPrefix, type Plan } from './plan.ts';

const requestMs = 10_000;

type Report = (line: Readonly<Record<string, unknown>>, text: string) => void;

/**
 * Creates or updates the inbound trunk and the dispatch rule of the agent, and writes what it did
 * and what to set at the carrier; with `json` one object a line. Everything is looked at before
 * anything is changed. `env` is where `--password-env` looks; `config` is read only when the options
 * are right. Resolves with the exit code: 0 done or nothing to do, 1 not done, 2 wrong options.
 * @throws {ConfigError} of `config`.
 */
export async function runSetupSip(options: {
  readonly config: () => Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly args: readonly string[];
  readonly json: boolean;
  readonly write: (text: string) => void;
}): Promise<number> {
  const { env, args, json, write } = options;
  let clean = textCleaner([]);
  const report: Report = (line, text) => write(`${json ? JSON.stringify(line) : text}\n`);
  try {
    const wanted = readArguments(args, env);
    if (wanted.help) {
      write(json ? `${JSON.stringify({ ok: true, usage })}\n` : usage);
      return 0;
    }
    const { livekit, secrets } = options.config();
    clean = textCleaner(secrets);
    await setUp(livekit, wanted, report);
    return 0;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { code, message } = failureOf(error, clean);
    report({ ok: false, code, message }, message);
    return code === 'SETUP_SIP_USAGE' ? 2 : 1;
  }
}

async function setUp(
  livekit: Config['livekit'],
  wanted: SetupSipArguments,
  report: Report,
): Promise<void> {
  const sip = new SipClient(livekit.url, livekit.apiKey, livekit.apiSecret, { failover: false });
  const { agentName } = livekit;
  const [trunks, rules] = await bounded('the list of trunks and rules', () =>
    Promise.all([sip.listSipInboundTrunk(), sip.listSipDispatchRule()]),
  );
  const knownTrunkIds = trunks.map((trunk) => trunk.sipTrunkId);
  const trunkPlan = planTrunk(trunks, wanted);
  // Once before anything is changed, for its refusals; again when a new trunk has its id.
  const ruleFor = (trunk: SIPInboundTrunkInfo) =>
    planRule(rules, { trunk, knownTrunkIds, agentName });
  const firstRulePlan = ruleFor(trunkPlan.info);
  if (wanted.dryRun) {
    reportObject(report, { kind: 'trunk', plan: trunkPlan, done: trunkPlan.info, dryRun: true });
    reportObject(report, {
      kind: 'rule',
      plan: firstRulePlan,
      done: firstRulePlan.info,
      dryRun: true,
    });
    report({ ok: true, dryRun: true }, 'Nothing was changed.');
    return;
  }
  const trunk = await applyTrunk(sip, trunkPlan);
  reportObject(report, { kind: 'trunk', plan: trunkPlan, done: trunk, dryRun: false });
  const rulePlan = ruleFor(trunk);
  const rule = await applyRule(sip, rulePlan);
  reportObject(report, { kind: 'rule', plan: rulePlan, done: rule, dryRun: false });
  const carrier = carrierSettings(livekit.url, trunk);
  report({ ok: true, dryRun: false, carrier }, carrier.text);
}

function applyTrunk(sip: SipClient, plan: Plan<SIPInboundTrunkInfo>): Promise<SIPInboundTrunkInfo> {
  const { action, info } = plan;
  return bounded('the trunk', async () => {
    if (action === 'keep') return info;
    if (action === 'update') return sip.updateSipInboundTrunk(info.sipTrunkId, info);
    const { name, numbers, allowedAddresses, authUsername, authPassword } = info;
    return sip.createSipInboundTrunk(name, numbers, {
      allowedAddresses,
      authUsername,
      authPassword,
    });
  });
}

function applyRule(sip: SipClient, plan: Plan<SIPDispatchRuleInfo>): Promise<SIPDispatchRuleInfo> {
  const { action, info } = plan;
  return bounded('the dispatch rule', async () => {
    if (action === 'keep') return info;
    if (action === 'update') return sip.updateSipDispatchRule(info.sipDispatchRuleId, info);
    const { name, trunkIds, roomConfig } = info;
    const callee = { type: 'callee', roomPrefix, randomize: true } as const;
    const settings = { name, trunkIds, ...(roomConfig ? { roomConfig } : {}) };
    return sip.createSipDispatchRule(callee, settings);
  });
}

function bounded<T>(label: string, run: () => Promise<T>): Promise<T> {
  return withDeadline(run, { ms: requestMs, label });
}

const done = { create: 'created', update: 'updated', keep: 'unchanged' } as const;
const toDo = { create: 'would be created', update: 'would be updated', keep: 'unchanged' } as const;

function reportObject<T extends SIPInboundTrunkInfo | SIPDispatchRuleInfo>(
  report: Report,
  options: {
    readonly kind: 'trunk' | 'rule';
    readonly plan: Plan<T>;
    readonly done: T;
    readonly dryRun: boolean;
  },
): void {
  const { kind, plan, dryRun } = options;
  const info = options.done;
  const id = 'sipTrunkId' in info ? info.sipTrunkId : info.sipDispatchRuleId;
  const action = (dryRun ? toDo : done)[plan.action];
  const line = { object: kind, action, id: id || null, name: info.name, changes: plan.changes };
  const named = `${kind} "${info.name}"${id ? ` (${id})` : ''}`;
  report(line, [`${named}: ${action}`, ...plan.changes.map((change) => `  ${change}`)].join('\n'));
}

/** A failure's code, and words for the person, without secrets and numbers of a server's own. */
function failureOf(
  error: unknown,
  clean: (text: string) => string,
): { readonly code: string; readonly message: string } {
  if (error instanceof SetupSipError) return { code: error.code, message: error.message };
  if (error instanceof ServerError) {
    if (error.status === 401 || error.status === 403) {
      const message = `LiveKit refuses the key (${error.status}): check LIVEKIT_API_KEY and LIVEKIT_API_SECRET`;
      return { code: 'SETUP_SIP_KEY', message };
    }
    const hint = error.status >= 500 ? ': it needs LiveKit Cloud, or livekit-sip and redis' : '';
    const message = `LiveKit's SIP service refuses (${error.status} ${clean(error.message)})${hint}`;
    return { code: 'SETUP_SIP_REFUSED', message };
  }
  const { detail, advice } = findingOfError(error, 'LIVEKIT_URL');
  return { code: 'SETUP_SIP_UNREACHABLE', message: `LiveKit: ${detail}. ${advice ?? ''}.` };
}
