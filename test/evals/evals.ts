import { loadConfig } from '../../agent/config/config.ts';
import { defaultTimeZone } from '../../tools/yard/equipment.ts';
import { todayIn } from '../../tools/yard/rental-dates.ts';
import {
  commandLine,
  oneOf,
  runCommand,
  UsageError,
  wholeNumber,
} from '../harness/command-line.ts';
import { runScenario, startEmulatedModel, summaryOf, type ScenarioResult } from './run.ts';
import { readScenarios, type Scenario } from './scenario.ts';
import { holdSoundCall } from './sound-call.ts';
import { holdTextCall } from './text-call.ts';
import type { Model } from './caller.ts';

/** `npm run evals`: calls for all reasons, judged by what they left and what was said. */

const usage = `npm run evals -- [options]
  --only NAME     the scenarios whose name has this in it
  --runs N        of each (1); from 4 on, pass^4 is told
  --at-once N     calls at once (4)
  --sound         those that are marked for it, in sound on the real stack, one after another
  --live          the real OpenAI, and in sound Deepgram, with the keys of .env.local
  --caller WHO    rules or model: who plays the caller of a live call in text (rules)
  --json          one JSON object a scenario and a closing one on stdout, nothing else there`;

const { values } = commandLine({
  usage,
  options: {
    only: { type: 'string', default: '' },
    runs: { type: 'string', default: '1' },
    'at-once': { type: 'string', default: '4' },
    sound: { type: 'boolean', default: false },
    live: { type: 'boolean', default: false },
    caller: { type: 'string', default: 'rules' },
    json: { type: 'boolean', default: false },
  },
});

/** Settings of the real providers. @throws {UsageError} when a key is missing. */
function liveKeys(names: readonly string[]): Record<string, string> {
  try {
    process.loadEnvFile('.env.local');
  } catch {
    // The environment may have them.
  }
  const missing = names.filter((name) => !process.env[name]?.trim());
  if (missing.length > 0) {
    const needed = missing.join(' and ');
    throw new UsageError(`--live needs ${needed} in .env.local or in the environment`);
  }
  return Object.fromEntries(names.map((name) => [name, process.env[name] ?? '']));
}

/** The real model, by the settings of the environment. */
function liveModel(): Model {
  const { OPENAI_API_KEY: apiKey = '' } = liveKeys(['OPENAI_API_KEY']);
  const { OPENAI_BASE_URL: baseUrl, LLM_MODEL: model } = process.env;
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

/** The way in which calls are held: in text or in sound, with emulated or real providers. */
async function holder(cleanUp: AsyncDisposableStack) {
  if (values.sound) {
    const keys = values.live
      ? {
          ...liveKeys(['OPENAI_API_KEY', 'DEEPGRAM_API_KEY']),
          OPENAI_BASE_URL: 'https://api.openai.com/v1',
          DEEPGRAM_BASE_URL: 'https://api.deepgram.com',
        }
      : {};
    return (of: Scenario) => holdSoundCall(of, keys);
  }
  const callerIsModel = oneOf('caller', values.caller, ['rules', 'model']) === 'model';
  if (callerIsModel && !values.live) throw new UsageError('--caller model needs --live');
  const model = values.live ? liveModel() : cleanUp.use(await startEmulatedModel());
  return (of: Scenario) => holdTextCall(of, model, { callerIsModel });
}

await runCommand(async () => {
  const runs = wholeNumber('runs', values.runs, 1);
  const atOnce = values.sound ? 1 : wholeNumber('at-once', values['at-once'], 1);
  const today = todayIn(defaultTimeZone, { nowMs: () => Date.now() });
  const scenarios = (await readScenarios(today)).filter(
    ({ name, sound }) => name.includes(values.only) && (sound || !values.sound),
  );
  if (scenarios.length === 0) throw new UsageError(`No scenario has "${values.only}" in its name`);
  await using cleanUp = new AsyncDisposableStack();
  const hold = await holder(cleanUp);
  const results: ScenarioResult[] = [];
  const waiting = [...scenarios];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const result = await runScenario(next, hold, runs);
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
  const line = `${ok ? 'ok   ' : 'WRONG'} ${scenario.padEnd(44)} ${turns} turns, ${tokensIn ?? 'unknown'} tokens`;
  if (ok) return line;
  const told = talk.flatMap(({ caller, agent }) => [`        > ${caller}`, `          ${agent}`]);
  return [line, ...why.map((one) => `      ${one}`), ...told].join('\n');
}
