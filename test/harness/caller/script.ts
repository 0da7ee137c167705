/**
 * When a step begins. `agent-finished`: the agent has spoken since the caller's last line, and then
 * was quiet for `agentQuietMs`. With `afterMs`: that long after the answer, or after the agent began
 * its current or next answer (to talk over it).
 */
export type StepTime =
  'now' | 'agent-finished' | { readonly afterMs: number; readonly from: 'answer' | 'agent-start' };

/** What a caller does, one step after another; it then stays silent on the line. */
export type Step =
  /** Says a line; `when` is `agent-finished` if left out. */
  | { readonly say: string; readonly when?: StepTime }
  /** Is silent for a while, whatever the agent does. */
  | { readonly silenceMs: number }
  /** Presses a key (0 to 9, * or #); `when` is `agent-finished` if left out. */
  | { readonly dtmf: string; readonly when?: StepTime }
  /** Hangs up; `when` is `agent-finished` if left out. */
  | { readonly hangUp: true; readonly when?: StepTime }
  /** Waits for the agent to end the call; says the last line again whenever nobody speaks for so long. */
  | { readonly waitForEnd: true; readonly repeatAfterMs?: number };
