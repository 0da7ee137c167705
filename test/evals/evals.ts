import { loadConfig } from '../../agent/config/config.ts';
import { defaultTimeZone } from '../../tools/yard/equipment.ts';
import { todayIn } from '../../tools/yard/rental-dates.ts';
import { commandLine, runCommand, UsageError, wholeNumber } from '../harness/command-line.ts';
import { runScenario, startEmulatedModel, summaryOf, type ScenarioResult } from './run.ts';
import { readScenarios } from './scenario.ts';
import type { Model } from './text-call.ts';

/** `npm run evals`: calls for all reasons, judged by what they left and what was said. */

const usage = `npm run evals -- [options]
  --only NAME     the scenarios whose name has this in it
  --runs N        of each (1); from 4 on, pass^4 is told
  --at-once N     calls at once (4)
  --live          the real OpenAI with the key of .env.local, not its emulator
  --json          one JSON object a scenario and a closing one on stdout, nothing else there`;

const { values } = commandLine({
  usage,
  options: {
    only: { type: 'string', default: '' },
    runs: { type: 'string', default: '1' },
    'at-once': { type: 'string', default: '4' },
    live: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

/** The model of the environment. @throws {UsageError} when its key is missing. */
function liveModel(): Model {
  const { OPENAI_API_KEY: apiKey = '', OPENAI_BASE_URL: baseUrl, LLM_MODEL: model } = process.env;
  if (apiKey.trim() === '') {
    throw new UsageError('--live needs OPENAI_API_KEY in .env.local or in the environment');
  }
  const defaults = loadConfig({
    LIVEKIT_URL: 'ws://127.0.0.1:1',
    LIVEKIT_API_KEY: 'none',
    LIVEKIT_API_SECRET: 'none-of-thirty-two-characters-at-all',
    DEEPGRAM_API_KEY: 'none',
    OPENAI_API_KEY: apiKey,
    GOOGLE_SHEET_ID: 'none',
    SHEETS_BASE_URL: 'http://127.0.0.1:1',
    ...(baseUrl ? { OPENAI_BASE_URL: baseUrl } : {}),
    ...(model ? { LLM_MODEL: model } : {}),
  }).openai;
  return { apiKey, baseUrl: defaults.baseUrl, model: defaults.model };
}

await runCommand(async () => {
  const runs = wholeNumber('runs', values.runs, 1);
  const atOnce = wholeNumber('at-once', values['at-once'], 1);
  const today = todayIn(defaultTimeZone, { nowMs: () => Date.now() });
  const scenarios = (await readScenarios(today)).filter(({ name }) => name.includes(values.only));
  if (scenarios.length === 0) throw new UsageError(`No scenario has "${values.only}" in its name`);
  await using cleanUp = new AsyncDisposableStack();
  const model = values.live ? liveModel() : cleanUp.use(await startEmulatedModel());
  const results: ScenarioResult[] = [];
  const waiting = [...scenarios];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const result = await runScenario(next, model, runs);
      results.push(result);
      process.stdout.write(`${values.json ? JSON.stringify(result) : textOf(result)}\n`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  const summary = summaryOf(results);
  process.stdout.write(
    values.json
      ? `${JSON.stringify(summary)}\n`
      : `\n${summary.passed} of ${summary.scenarios} scenarios pass; pass@1 ${summary.passAt1}, pass^4 ${summary.passHat4 ?? 'not known'}; ${summary.tokensIn} tokens in, ${summary.tokensOut} out\n`,
  );
  return summary.ok;
});

function textOf({ scenario, ok, turns, tokensIn, why, talk }: ScenarioResult): string {
  const line = `${ok ? 'ok   ' : 'WRONG'} ${scenario.padEnd(44)} ${turns} turns, ${tokensIn} tokens`;
  if (ok) return line;
  const told = talk.flatMap(({ caller, agent }) => [`        > ${caller}`, `          ${agent}`]);
  return [line, ...why.map((one) => `      ${one}`), ...told].join('\n');
}
