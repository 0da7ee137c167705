import { createBookingTalk } from '../../tools/dialogue/dialogue-memory.ts';
import { createTools } from '../../tools/index.ts';
import { FILLER, type ToolAnswer, type ToolDeps } from '../../tools/tool.ts';
import type { Inventory } from '../../tools/yard/equipment.ts';
import { FakeDesk } from './fake-desk.ts';
import { inventory, nowMs, unit } from './yard/example-yard.ts';

type Tools = ReturnType<typeof createTools>;
type Answer = ToolAnswer & { readonly [key: string]: unknown };
type Use = Parameters<ToolDeps['onToolUsed']>;

const callId = 'call-1';

/** What one side said, told on as it is said. */
function heeded(onSaid: (words: string) => void): string[] {
  const list: string[] = [];
  const push = (...words: string[]) => {
    words.forEach(onSaid);
    return Array.prototype.push.apply(list, words);
  };
  return Object.defineProperty(list, 'push', { value: push });
}

/** The tools of one call, with the talk around them: who said what, and what was heard. */
export function phoneCall(
  overrides: Partial<ToolDeps> & { readonly list?: Inventory | null } = {},
) {
  const { list = inventory([unit()]), ...others } = overrides;
  const desk = new FakeDesk(callId);
  const used: Use[] = [];
  const talk = createBookingTalk();
  const said = heeded((words) => talk.confirmation.note({ by: 'caller', words }));
  const heard = heeded((words) => {
    if (words !== FILLER) talk.confirmation.note({ by: 'agent', words });
  });
  const deps: ToolDeps = {
    callId,
    caller: { phoneNumber: '+13125550142' },
    inventory: () => list,
    desk,
    clock: { nowMs: () => nowMs },
    inventoryMaxAgeMs: 900_000,
    confirmBookingMs: 2_500,
    toolMs: 6_000,
    say: (words) => void heard.push(words),
    onToolUsed: (...use) => void used.push(use),
    endCall: () => {},
    ...others,
  };
  const created = createTools(deps, talk);
  /** Calls a tool as the framework does; nobody has heard the answer yet. */
  const use = async (
    name: keyof Tools,
    args: object = {},
    abortSignal = new AbortController().signal,
  ): Promise<Answer> => {
    const ctx = { disallowInterruptions() {} };
    const tool = created[name];
    if (!tool) throw new Error(`There is no ${name} in this call`);
    return Reflect.apply(tool.execute, tool, [args, { abortSignal, ctx }]);
  };
  /** The caller speaks, the model calls the tool, the caller hears the answer. */
  const turn = async (words: string, name: keyof Tools, args: object = {}): Promise<Answer> => {
    said.push(words);
    const answer = await use(name, args);
    heard.push(answer.say);
    return answer;
  };
  return { deps, created, desk, used, said, heard, use, turn };
}
