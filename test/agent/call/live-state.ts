import { CallState } from '../../../agent/call/call-state.ts';
import type { Activity } from '../../../agent/call/call-state.ts';

/** The state of a call that is live, with this activity. */
export function liveState(
  activity: Activity = { name: 'talking' },
  onMoved: (from: string, to: string) => void = () => {},
): CallState {
  const state = new CallState(onMoved);
  state.enter({ name: 'connecting' });
  state.enter({ name: 'starting', callId: 'SCL_1' });
  state.enter({ name: 'live', callId: 'SCL_1', answeredAtMs: 1, activity });
  return state;
}
