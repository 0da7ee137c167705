import type { Config } from '../../config/config.ts';
import { findingOf, type Check, type Finding } from '../../config/finding.ts';
import { checkFallback, platformChecks } from '../../config/platform-checks.ts';
import { checkConfirmations } from './confirmation-check.ts';
import { checkLivekit, checkSip } from './livekit-checks.ts';
import { checkHearing, checkThinking, checkVoice } from './provider-checks.ts';
import { checkBudgets, checkNode, readEnvironment } from './setting-checks.ts';
import { checkSheet, checkStore } from './yard-checks.ts';
import { reportSheet } from './sheet-report.ts';
import { textCleaner } from '../../infra/log.ts';

/** A provider that has not answered by then would not answer a call either. */
const defaultCheckMs = 10_000;

/**
 * Checks every setting, key and permission at once, and writes one line a check: what was found and
 * what to do. With `json` one object a line, the last one the sum. No line holds a secret.
 * Resolves with the exit code: 0 when nothing failed.
 */
export async function runDoctor(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  readonly write: (text: string) => void;
  readonly nodeVersion?: string;
  readonly checkMs?: number;
  /** Reads the sheet alone, and says row by row what a caller would hear. */
  readonly readsSheet?: boolean;
  /** Sends a signed event to the receiver of confirmations. */
  readonly sendsTest?: boolean;
}): Promise<number> {
  const { env, json, write } = options;
  const { nodeVersion = process.versions.node, checkMs = defaultCheckMs } = options;
  const { config, finding } = readEnvironment(env);
  if (options.readsSheet && config) return reportSheet(config, { json, write, timeoutMs: checkMs });
  const clean = textCleaner(config?.secrets ?? []);
  const checks: Check[] = [
    { name: 'node', run: () => checkNode(nodeVersion) },
    { name: 'environment', run: () => finding },
    ...(config ? checksOf(config, env, { checkMs, sendsTest: options.sendsTest ?? false }) : []),
  ];
  const running = checks.map((check) => ({ name: check.name, finding: findingOf(check, checkMs) }));
  const counts = { ok: 0, warn: 0, fail: 0 };
  for (const { name, finding: found } of running) {
    const { status, detail, advice } = await found;
    counts[status] += 1;
    const line = { check: name, status, detail: clean(detail), advice: advice && clean(advice) };
    write(`${json ? JSON.stringify(line) : textOf(line)}\n`);
  }
  const isWell = counts.fail === 0;
  const { fail: failed, warn: warnings } = counts;
  const sum = { ok: isWell, checks: checks.length, failed, warnings };
  write(json ? `${JSON.stringify(sum)}\n` : `\n${verdict(sum)}\n`);
  return isWell ? 0 : 1;
}

function checksOf(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
  { checkMs, sendsTest }: { readonly checkMs: number; readonly sendsTest: boolean },
): Check[] {
  const { confirmations } = config;
  const voiceAddress =
    config.voice.provider === 'deepgram' ? 'DEEPGRAM_BASE_URL' : 'OPENAI_BASE_URL';
  // Less than the check has, so that it is the sheet's own error that says what was waited for.
  const sheetMs = checkMs * 0.9;
  return [
    { name: 'budgets', run: () => checkBudgets(config) },
    ...platformChecks(config, env),
    { name: 'livekit', address: 'LIVEKIT_URL', run: () => checkLivekit(config) },
    { name: 'sip', address: 'LIVEKIT_URL', run: () => checkSip(config) },
    { name: 'fallback', run: () => checkFallback(config) },
    {
      name: 'hearing',
      address: 'DEEPGRAM_BASE_URL',
      run: (signal) => checkHearing(config, signal),
    },
    {
      name: 'thinking',
      address: 'OPENAI_BASE_URL',
      run: (signal) => checkThinking(config, signal),
    },
    { name: 'voice', address: voiceAddress, run: (signal) => checkVoice(config, signal) },
    { name: 'sheet', run: (signal) => checkSheet(config, { signal, timeoutMs: sheetMs }) },
    { name: 'store', run: () => checkStore(config) },
    ...(confirmations
      ? [
          {
            name: 'texts',
            address: 'CONFIRMATION_WEBHOOK_URL',
            run: (signal: AbortSignal) => checkConfirmations(confirmations, { signal, sendsTest }),
          },
        ]
      : []),
  ];
}

type Line = Finding & { readonly check: string };

function textOf({ check, status, detail, advice }: Line): string {
  const found = `${status.padEnd(4)}  ${check.padEnd(11)}  ${detail}`;
  return advice === null ? found : `${found}. ${advice}.`;
}

function verdict({ failed, warnings }: { failed: number; warnings: number }): string {
  if (failed > 0) return `${counted(failed, 'check')} failed, ${counted(warnings, 'warning')}.`;
  return warnings > 0 ? `Ready, with ${counted(warnings, 'warning')}.` : 'Ready for calls.';
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
