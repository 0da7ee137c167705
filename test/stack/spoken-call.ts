import { readCallState } from '../../agent/infra/store/calls.ts';
import type { Store } from '../../agent/infra/store/database.ts';
import { savedCallFrom } from '../../agent/ipc/saved-call.ts';
import type { Call } from '../harness/caller/call.ts';
import { eventually } from '../harness/eventually.ts';

/** A pause of the agent's that is longer than one between two of its sentences. */
const quietMs = 2_000;

/** True when either side has ended the call. */
export function isOver(call: Call): boolean {
  return call.events.some(({ type }) => type === 'ended');
}

/** What the agent has said in the call so far, answer by answer, as the call is saved. */
export async function wordsOfAgent(store: Store, call: Call): Promise<readonly string[]> {
  const json = await readCallState(store, call.callId);
  const { items = [] } = (json && savedCallFrom(json)?.talk) || {};
  return items.flatMap((item) =>
    item.kind === 'spoken' && item.by === 'agent' ? [item.words] : [],
  );
}

/** Resolves when the agent has said all, and is quiet; or when the call is over. */
export async function agentIsQuiet(call: Call): Promise<void> {
  let lastAt = 0;
  let sinceMs = performance.now();
  await eventually(
    'the agent has said all',
    () => {
      const at = call.events.findLastIndex(({ type }) => type.startsWith('agent-audio'));
      const speaks = call.events[at]?.type === 'agent-audio-start';
      if (speaks || at !== lastAt) sinceMs = performance.now();
      lastAt = at;
      return isOver(call) || performance.now() - sinceMs > quietMs;
    },
    60_000,
  );
}
