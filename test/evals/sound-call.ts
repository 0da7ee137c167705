import { GOODBYE } from '../../agent/speech/prompts/prompts.ts';
import { slotFillerReply } from '../harness/emulators/slot-filler.ts';
import { eventually } from '../harness/eventually.ts';
import { Yard } from '../harness/yard/yard.ts';
import { openStoreOf } from '../stack/aftermath.ts';
import { agentIsQuiet, isOver, wordsOfAgent } from '../stack/spoken-call.ts';
import { linesOf, playCaller } from './caller.ts';
import { readEnd } from './end-state.ts';
import type { Scenario } from './scenario.ts';
import { bookBefore, sheetOf, staffIdsOf, type HeldCall } from './text-call.ts';

/** A caller who hears nothing says it again, as people do. */
const sayings = 3;
const answerMs = 15_000;

/**
 * Holds the call of a scenario in sound, on the real stack: livekit-server, Pickup's service, a caller
 * in a process of its own. `live`: settings of the real providers, in place of their emulators.
 */
export async function holdSoundCall(
  scenario: Scenario,
  live: Readonly<Record<string, string>> = {},
): Promise<HeldCall> {
  await using yard = await Yard.open({
    latencyMs: { stt: 100, llm: 200, tts: 100 },
    sheet: sheetOf(scenario),
    env: { NUM_IDLE_PROCESSES: '1', ...live },
  });
  yard.openai.answerWith(slotFillerReply);
  const service = yard.service();
  await service.ready();
  await service.waitFor('phrase.ready');
  await using store = await openStoreOf(yard);
  const [code = ''] = await bookBefore(scenario, store);
  const withCode = (words: string) => words.replaceAll('{code}', code);
  await yard.teach(linesOf(scenario).map(withCode));
  const call = await yard.call(scenario.number ? { from: scenario.number } : {});
  await call.waitFor('agent-audio-end');
  const startedMs = performance.now();
  const heard = () => wordsOfAgent(store, call);
  const turns = await playCaller(scenario, async (line) => {
    const before = await heard();
    for (let saying = 1; ; saying += 1) {
      if (isOver(call)) return null;
      await call.say(withCode(line));
      const isAnswered = async () => isOver(call) || (await heard()).length > before.length;
      try {
        await eventually(`an answer to "${line}"`, isAnswered, answerMs);
        break;
      } catch (error) {
        if (saying === sayings) throw error;
      }
    }
    await agentIsQuiet(call);
    return isOver(call) ? GOODBYE : (await heard()).slice(before.length).join(' ');
  });
  if (!isOver(call)) await call.hangUp();
  await service.waitFor('call.closed', ({ callId }) => callId === call.callId);
  const closed = service.callLines(call.callId).at(-1);
  const tools = closed?.['toolsUsed'];
  return {
    ...(await readEnd(store, yard.sheets, staffIdsOf(scenario))),
    turns,
    rings: [],
    tools: Array.isArray(tools) ? tools.map(String) : [],
    tokensIn: null,
    tokensOut: null,
    durationMs: Math.round(performance.now() - startedMs),
  };
}
