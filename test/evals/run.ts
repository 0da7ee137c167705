import { startOpenAiEmulator } from '../harness/emulators/openai.ts';
import { slotFillerReply } from '../harness/emulators/slot-filler.ts';
import type { Model, Turn } from './caller.ts';
import { judge } from './judge.ts';
import type { Scenario } from './scenario.ts';
import type { HeldCall } from './text-call.ts';

/** The emulated model, which answers at once. */
export async function startEmulatedModel(): Promise<Model & AsyncDisposable> {
  const apiKey = 'sk-eval';
  const openai = await startOpenAiEmulator({ apiKey, llmLatencyMs: 0, tokenMs: 0 });
  openai.answerWith(slotFillerReply);
  const { baseUrl, close } = openai;
  return { apiKey, baseUrl, model: 'gpt-5.4-mini', [Symbol.asyncDispose]: close };
}

/** A scenario after its runs. Figures are means of a run; `talk` is of the first that went wrong. */
export type ScenarioResult = {
  readonly scenario: string;
  readonly reason: Scenario['reason'];
  readonly manner: Scenario['manner'];
  readonly runs: number;
  readonly passed: number;
  readonly ok: boolean;
  readonly why: readonly string[];
  readonly turns: number;
  readonly longestAnswerWords: number;
  readonly tokensIn: number | null;
  readonly tokensOut: number | null;
  readonly durationMs: number;
  readonly tools: readonly string[];
  readonly talk: readonly Turn[];
};

type Run = Pick<HeldCall, 'turns' | 'tools' | 'tokensIn' | 'tokensOut' | 'durationMs'> & {
  readonly why: readonly string[];
};

/** Has the call of a scenario held so often. Never rejects: what goes wrong is its result. */
export async function runScenario(
  scenario: Scenario,
  hold: (scenario: Scenario) => Promise<HeldCall>,
  runs: number,
): Promise<ScenarioResult> {
  const held: Run[] = [];
  for (let run = 0; run < runs; run += 1) {
    try {
      const call = await hold(scenario);
      held.push({ ...call, why: judge(scenario, call) });
    } catch (error) {
      const none = { turns: [], tools: [], tokensIn: 0, tokensOut: 0, durationMs: 0 };
      held.push({ ...none, why: [`the call broke: ${String(error)}`] });
    }
  }
  const mean = (of: (call: (typeof held)[number]) => number) =>
    Math.round(held.reduce((sum, call) => sum + of(call), 0) / held.length);
  const passed = held.filter(({ why }) => why.length === 0).length;
  const told = held.find(({ why }) => why.length > 0) ?? held[0];
  const words = held.flatMap(({ turns }) => turns.map(({ agent }) => agent.split(/\s+/).length));
  return {
    scenario: scenario.name,
    reason: scenario.reason,
    manner: scenario.manner,
    runs,
    passed,
    ok: passed === runs,
    why: told?.why ?? [],
    turns: mean(({ turns }) => turns.length),
    longestAnswerWords: Math.max(0, ...words),
    tokensIn: meanOfAll(held.map(({ tokensIn }) => tokensIn)),
    tokensOut: meanOfAll(held.map(({ tokensOut }) => tokensOut)),
    durationMs: mean(({ durationMs }) => durationMs),
    tools: told?.tools ?? [],
    talk: told?.turns ?? [],
  };
}

/**
 * All scenarios together. `passAt1`: the chance that a run passes; `passHat4`: that four of one
 * scenario all do, null with fewer than four runs.
 */
export function summaryOf(results: readonly ScenarioResult[]) {
  const mean = (of: (result: ScenarioResult) => number) =>
    Number((results.reduce((sum, result) => sum + of(result), 0) / results.length).toFixed(3));
  const total = (of: (result: ScenarioResult) => number | null) =>
    results.reduce((sum, result) => sum + (of(result) ?? 0) * result.runs, 0);
  const hasFour = results.every(({ runs }) => runs >= 4);
  return {
    scenarios: results.length,
    passed: results.filter(({ ok }) => ok).length,
    passAt1: mean(({ passed, runs }) => passed / runs),
    passHat4: hasFour ? mean(({ passed, runs }) => chosen(passed) / chosen(runs)) : null,
    tokensIn: total(({ tokensIn }) => tokensIn),
    tokensOut: total(({ tokensOut }) => tokensOut),
    turns: mean(({ turns }) => turns),
    ok: results.every(({ ok }) => ok),
  };
}

/** Null where one of them is not known. */
function meanOfAll(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  if (known.length < values.length) return null;
  return Math.round(known.reduce((sum, value) => sum + value, 0) / known.length);
}

/** The ways to choose four of `count`. */
function chosen(count: number): number {
  return (count * (count - 1) * (count - 2) * (count - 3)) / 24;
}
