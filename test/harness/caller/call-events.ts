import type { Step } from './script.ts';

/** Who ended a call. `network`: the connection was lost, or the server went away. */
export type EndedBy = 'agent' | 'caller' | 'timeout' | 'network';

/** `atMs` counts from the moment the caller is in the room, ringing. */
export type CallEvent = { readonly atMs: number } & (
  | { readonly type: 'ringing'; readonly epochMs: number }
  | { readonly type: 'agent-joined'; readonly identity: string }
  | { readonly type: 'agent-left'; readonly identity: string }
  | { readonly type: 'answered'; readonly identity: string }
  /** The first sound of an agent after a pause. */
  | { readonly type: 'agent-audio-start'; readonly identity: string }
  /** The last sound before a pause; told once the pause has lasted. */
  | { readonly type: 'agent-audio-end'; readonly identity: string }
  | { readonly type: 'saying'; readonly line: string }
  | { readonly type: 'said'; readonly line: string; readonly fromMs: number }
  | { readonly type: 'dtmf'; readonly digit: string }
  | { readonly type: 'packets-stopped' | 'packets-resumed' }
  | { readonly type: 'reconnecting' | 'reconnected' }
  /** The caller's track is in the room anew: only from here on can the others hear it again. */
  | { readonly type: 'republished' }
  /** The caller's side ends the call; the agent's side of it is `ended`. */
  | { readonly type: 'hung-up' }
  | {
      readonly type: 'ended';
      readonly by: EndedBy;
      /** LiveKit's name of it, such as `ROOM_DELETED`; null when the process was killed. */
      readonly disconnectReason: string | null;
    }
);

/** The events of one type. */
export type CallEventOf<T extends CallEvent['type']> = Extract<CallEvent, { type: T }>;

/** A line with its sound: a file of 16-bit samples at `SAMPLE_RATE`, mono. */
export type SpokenLine = { readonly line: string; readonly pcmFile: string };

/** Everything a caller process is told at its start. */
export type CallOrder = {
  readonly url: string;
  readonly token: string;
  /** Where it leaves its frame logs. */
  readonly folder: string;
  readonly script: readonly Step[];
  readonly lines: readonly SpokenLine[];
  readonly ringTimeoutMs: number;
  readonly maxCallMs: number;
  readonly mediaTimeoutMs: number;
  readonly agentQuietMs: number;
};

/** What a caller process is told to do. */
export type CallCommand =
  | { readonly do: 'place'; readonly order: CallOrder }
  | { readonly do: 'say'; readonly spoken: SpokenLine }
  | { readonly do: 'dtmf'; readonly digit: string }
  | { readonly do: 'stop-packets' }
  | { readonly do: 'resume-packets' }
  | { readonly do: 'hang-up' };

/** What a caller process tells. */
export type CallMessage =
  | { readonly event: CallEvent }
  /** It could not join, or a bug ended it. */
  | { readonly failed: string };

/** The rate of everything recorded and sent, Hz: Opus's own, so that nothing is resampled. */
export const SAMPLE_RATE = 48_000;
