import type { ResumeKind } from '../../ipc/client.ts';
import { unanswered } from '../persistence/call-snapshot.ts';
import type { SavedCall, SavedItem } from '../persistence/call-snapshot.ts';

/** An agent that dies so often at one turn of the caller would die of it once more. */
const mostAtOneTurn = 3;

/** From where a fresh job goes on. */
type ResumePlan = {
  /** Undefined when nothing of what was said could be kept. */
  readonly saved: SavedCall | undefined;
  /** It is no use: the caller hears an apology and is called back. */
  readonly isHopeless: boolean;
};

/**
 * After the first crash at a turn, the call goes on where it was; after the second, one turn earlier,
 * if that turn was still to be answered: whatever the agent died of is then not done again.
 */
export function resumePlan(kind: ResumeKind, saved: SavedCall | undefined): ResumePlan {
  if (kind !== 'takeover' || !saved) return { saved, isHopeless: kind === 'apology' };
  const { talk, lastCrash } = saved;
  const { callerTurns, items } = talk;
  const times = lastCrash?.callerTurns === callerTurns ? lastCrash.times + 1 : 1;
  const isHopeless = times >= mostAtOneTurn;
  const stepsBack = times > 1 && !isHopeless && unanswered(items) !== null;
  return {
    saved: {
      ...saved,
      talk: stepsBack ? { ...talk, items: beforeLastTurn(items) } : talk,
      lastCrash: { callerTurns, times },
    },
    isHopeless,
  };
}

function beforeLastTurn(items: readonly SavedItem[]): SavedItem[] {
  const at = items.findLastIndex((item) => item.kind === 'spoken' && item.by === 'caller');
  return items.slice(0, Math.max(at, 0));
}
