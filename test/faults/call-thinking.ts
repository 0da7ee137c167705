import type { Fault, Match } from '../harness/emulators/faults.ts';
import { callFault } from './call-case.ts';
import type { CallFault } from './call-case.ts';
import { usual } from './call-hearing.ts';
import { address, delivery, skidSteer } from './call-lines.ts';
import type { Question } from './call-lines.ts';
import { models } from './call-place.ts';

const firstModel: Match = (endpoint, about) => endpoint === 'chat' && about === models.llm;
const forGood = { everyMs: 60_000 };

/**
 * The first model fails for as long as a question takes; the second one is there. `recoveredMs` is
 * from the end of the line to the answer, `attempts` are the requests of both models meanwhile.
 */
const failing = (
  name: string,
  options: {
    readonly fault: Fault;
    /** What is asked; with a tool in the answer if left out. */
    readonly question?: Question;
    /** How many requests fail; all if left out. */
    readonly times?: number;
    /** Whether the very question need not be answered, if something is said to it. */
    readonly turnMayBeLost?: boolean;
  },
) =>
  callFault(name, {
    setting: usual,
    turnsAfter: options.turnMayBeLost ? 1 : 2,
    act: async (scene) => {
      const { faults } = scene.place.yard.openai;
      const { question = skidSteer, fault, times = Infinity } = options;
      await scene.greeted();
      const before = faults.count('chat');
      faults.next(firstModel, fault, times);
      if (options.turnMayBeLost) {
        await scene.call.say(question.say);
        scene.strike();
        await scene.hearsSomething();
      } else await scene.ask(question, { strikes: true });
      scene.attempts = faults.count('chat') - before;
      faults.clear();
      await scene.ask(address);
      await scene.hangUp();
    },
    // However often the model was asked, the tool ran once for its turn.
    holds: ({ lines }) => {
      const uses = lines.filter(({ event }) => event === 'tool.used').length;
      return uses > 1 ? [`the tool was used ${uses} times`] : [];
    },
  });

/** Faults of the model. */
export const thinkingFaults: readonly CallFault[] = [
  failing('llm-429', { fault: { do: 'refuse', status: 429 } }),
  failing('llm-500', { fault: { do: 'refuse', status: 500 } }),
  failing('llm-401', { fault: { do: 'refuse', status: 401 } }),
  failing('llm-hanging', { fault: { do: 'hang' } }),
  failing('llm-stalled', {
    fault: { do: 'stall', after: 4, ...forGood },
    question: delivery,
    turnMayBeLost: true,
  }),
  failing('llm-stalled-in-tool-call', { fault: { do: 'stall', after: 3, ...forGood } }),
  failing('llm-cut-in-tool-call', { fault: { do: 'truncate', after: 3 } }),
  failing('llm-malformed-arguments', {
    fault: { do: 'misspell', args: '{"query": ["skid' },
    times: 1,
  }),
];
