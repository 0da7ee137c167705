import { z } from 'zod';
import type { Scenario } from './scenario.ts';

/** Answers that any caller has for the usual questions, the first that fits. */
const usualAnswers: readonly (readonly [string, string])[] = [
  ['Shall I (?!take|put)|say yes or no|[Ii]s that (?:right|correct)', 'Yes, please.'],
  ['\\bname\\b', 'Maria Lopez.'],
  ['number to reach', '312 555 0142.'],
];
/** A question is answered so often in a row; then the caller goes on to what they want next. */
const mostAnswers = 2;
const farewell = "No, that's all. Goodbye.";
/** A talk of more turns leads nowhere. */
const mostTurns = 24;

/** One turn of a talk: the caller's words, and all that the agent said to them. */
export type Turn = { readonly caller: string; readonly agent: string };

/** The agent at the other end: hears a line, and says what it answers; null once the call is over. */
export type Agent = (words: string) => Promise<string | null>;

/** A model of OpenAI, or of its emulator. */
export type Model = { readonly apiKey: string; readonly baseUrl: string; readonly model: string };

/** All that the caller of a scenario may say. */
export function linesOf({ says, answers }: Scenario): readonly string[] {
  const own = says.map((line) => (typeof line === 'string' ? line : line.insists));
  return [...own, ...[...answers, ...usualAnswers].map(([, words]) => words), farewell];
}

/**
 * Plays the caller of a scenario by a model, which is told what the caller says by rules, and says it
 * in its own words. @throws {Error} when the model does not answer.
 */
export async function playCallerByModel(
  scenario: Scenario,
  agent: Agent,
  { apiKey, baseUrl, model }: Model,
): Promise<readonly Turn[]> {
  const own = scenario.says.map((line) => (typeof line === 'string' ? line : line.insists));
  const system = [
    'You phone an equipment-rental yard. You are the caller, never the agent.',
    `Your manner: ${scenario.manner}. You are Maria Lopez, number 312 555 0142.`,
    `You want, in this order, and with these very machines, days and codes: ${own.join(' | ')}`,
    ...scenario.answers.map(([asked, words]) => `Asked about "${asked}" you say: ${words}`),
    'You say yes to a read-back only when it is what you want. Speak as people do on the phone, one',
    'or two sentences at a time. When you have all you want, or cannot get it, say only: GOODBYE',
  ].join('\n');
  const turns: Turn[] = [];
  const messages: { role: string; content: string }[] = [{ role: 'system', content: system }];
  while (turns.length < mostTurns) {
    const response = await fetch(`${baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages }),
    });
    if (!response.ok) throw new Error(`The caller's model answered ${response.status}`);
    const { choices } = spokenByModel.parse(await response.json());
    const said = choices[0]?.message.content.trim() ?? '';
    const words = /\bGOODBYE\b/.test(said) ? farewell : said;
    const heard = await agent(words);
    turns.push({ caller: words, agent: heard ?? '' });
    if (heard === null || words === farewell) break;
    messages.push({ role: 'assistant', content: words }, { role: 'user', content: heard });
  }
  return turns;
}

const spokenByModel = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })),
});

/** Plays the caller of a scenario by rules, to the goodbye. */
export async function playCaller(scenario: Scenario, agent: Agent): Promise<readonly Turn[]> {
  const turns: Turn[] = [];
  const lines = [...scenario.says];
  const asked = new Map<string, number>();
  const known = [...scenario.answers, ...usualAnswers];
  const answerTo = (words: string): string | undefined => {
    if (!words.trimEnd().endsWith('?')) return undefined;
    const question = words.slice(Math.max(0, words.lastIndexOf('. ', words.length - 2)));
    const found =
      known.find(([pattern]) => new RegExp(pattern).test(question)) ??
      known.find(([pattern]) => new RegExp(pattern).test(words));
    if (!found) return undefined;
    const count = (asked.get(found[0]) ?? 0) + 1;
    asked.set(found[0], count);
    return count > mostAnswers ? undefined : found[1];
  };
  let heard = '';
  while (turns.length < mostTurns) {
    const [next] = lines;
    const own = typeof next === 'object' ? next.insists : (next ?? farewell);
    const answer = typeof next === 'object' ? undefined : answerTo(heard);
    const words = answer ?? own;
    if (answer === undefined) lines.shift();
    const said = await agent(words);
    turns.push({ caller: words, agent: said ?? '' });
    if (said === null) break;
    heard = said;
    if (words === farewell) break;
  }
  return turns;
}
