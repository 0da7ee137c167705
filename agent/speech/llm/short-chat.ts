import { llm } from '@livekit/agents';
import { z } from 'zod';

/**
 * The talk that a request carries beside instructions and tools, in bytes of JSON. With those it
 * stays below 24 kB, so that minute 120 of a call is answered as soon as minute 2.
 */
const maxTalkBytes = 10_000;
/** Tool answers whose units a caller may still choose from; of older ones the sentence is enough. */
const wholeAnswers = 2;
/** A longer one is left with the ids and names of its units. */
const maxAnswerBytes = 3_000;
/** Results of the tools that write are never forgotten: so many of the last. */
const keptResults = 6;
const writing = [
  'book_equipment',
  'change_booking',
  'cancel_booking',
  'call_off_rent',
  'text_confirmations',
];

const unit = z.object({ itemId: z.string(), name: z.string() });
const answer = z.object({
  say: z.string(),
  problem: z.string().optional(),
  units: z.array(unit).optional().catch(undefined),
  alternatives: z.array(unit).optional().catch(undefined),
});

/**
 * The conversation as a model is asked to go on with it: instructions, then of the talk what fits into
 * `maxBytes`, newest first; before it, in a sentence each, what was booked and changed earlier. A
 * tool's call and its answer stay together, as the API demands.
 */
export function shortChat(chat: llm.ChatContext, maxBytes = maxTalkBytes): llm.ChatContext {
  const [first, ...others] = chat.items;
  const isInstructed = first?.type === 'message' && first.role === 'system';
  const talk = isInstructed ? others : chat.items;
  if (sum(talk.map(sizeOf)) <= maxBytes) return chat;

  const results = resultsOf(talk).slice(-keptResults);
  let left = maxBytes - sum(results.map((words) => words.length));
  const calls = new Map(
    talk.flatMap((item) => (item.type === 'function_call' ? [[item.callId, item] as const] : [])),
  );
  const kept = new Map<string, llm.ChatItem>();
  let answers = 0;
  for (const item of talk.toReversed()) {
    if (item.type === 'function_call') continue;
    let it: llm.ChatItem = item;
    let bytes = sizeOf(it);
    if (item.type === 'function_call_output') {
      answers += 1;
      const call = calls.get(item.callId);
      if (!call) continue;
      it = briefly(item, { isOld: answers > wholeAnswers });
      bytes = sizeOf(it) + sizeOf(call);
      if (bytes <= left) kept.set(call.id, call);
    }
    // The newest must be there, whatever it takes.
    if (bytes > left && kept.size > 0) break;
    left -= bytes;
    kept.set(it.id, it);
  }
  const note = results.length === 0 ? [] : [earlier(results)];
  const items = talk.flatMap((item) => kept.get(item.id) ?? []);
  return new llm.ChatContext([...(isInstructed ? [first] : []), ...note, ...items]);
}

function earlier(results: readonly string[]): llm.ChatItem {
  const content = `Earlier in this call, said by tools, oldest first:\n${results.join('\n')}`;
  return llm.ChatMessage.create({ role: 'system', content });
}

/** The sentences of the tools that wrote something, oldest first. */
function resultsOf(talk: readonly llm.ChatItem[]): string[] {
  return talk.flatMap((item) => {
    if (item.type !== 'function_call_output' || item.isError) return [];
    const say = writing.includes(item.name) ? answerOf(item.output)?.say : undefined;
    return say === undefined ? [] : [`- ${say.slice(0, 300)}`];
  });
}

/** The answer as it is, with the names of its units, or its sentence alone. */
function briefly(
  item: llm.FunctionCallOutput,
  { isOld }: { readonly isOld: boolean },
): llm.FunctionCallOutput {
  if (!isOld && length(item.output) <= maxAnswerBytes) return item;
  const read = answerOf(item.output);
  const kept = isOld ? read && { say: read.say } : read;
  const { id, callId, name, isError, createdAt } = item;
  const output = kept ? JSON.stringify(kept) : item.output.slice(0, 300);
  return llm.FunctionCallOutput.create({ id, callId, name, isError, createdAt, output });
}

function answerOf(output: string): z.infer<typeof answer> | undefined {
  try {
    return answer.parse(JSON.parse(output));
  } catch {
    return undefined;
  }
}

/** About what the item takes in a request, as JSON. */
function sizeOf(item: llm.ChatItem): number {
  const envelope = 120;
  if (item.type === 'message') return envelope + length(item.textContent ?? '');
  if (item.type === 'function_call') return envelope + item.name.length + length(item.args);
  return item.type === 'function_call_output' ? envelope + length(item.output) : 0;
}

const length = (text: string) => Buffer.byteLength(JSON.stringify(text));
const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
