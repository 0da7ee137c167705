import { SAMPLE_RATE, type CallEvent, type CallEventOf, type EndedBy } from './call-events.ts';
import {
  longestSilenceMs,
  measureGreeting,
  measureTurns,
  overlapMs,
  type Answer,
  type HeardCall,
} from './measure.ts';
import type { Voice } from './recording.ts';
import { speechSegments } from './speech-detector.ts';
import { mixVoices } from './wav.ts';

/** Shorter than a syllable's pause: two voices overlap only where both really sound. */
const OVERLAP_PAUSE_MS = 60;

/** A stretch of the agents' sound, at `SAMPLE_RATE`. */
export type HeardAnswer = Answer & { readonly agentPcm: Int16Array };

/** A line of the caller and the answer to it, all null where none was heard. */
export type CallTurn = {
  readonly caller: string;
  readonly callerFromMs: number;
  readonly callerToMs: number;
  readonly agentFromMs: number | null;
  readonly agentToMs: number | null;
  readonly agentPcm: Int16Array | null;
  /** From the end of the caller's speech to the first sound of the answer, both as recorded. */
  readonly latencyMs: number | null;
};

/** A call as it was heard. Times count from the moment the caller was in the room, ringing. */
export type CallReport = {
  readonly callId: string;
  readonly room: string;
  /** When the times begin, on the wall clock. */
  readonly startedAtEpochMs: number;
  readonly answered: boolean;
  readonly ringToAnswerMs: number | null;
  readonly ringToFirstWordMs: number | null;
  /** What was heard before the caller's first line; null if nothing. */
  readonly greeting: HeardAnswer | null;
  readonly turns: readonly CallTurn[];
  readonly longestSilenceMs: number | null;
  /** How long several agents spoke at once. */
  readonly overlapMs: number;
  readonly endedBy: EndedBy;
  /** LiveKit's name of it; null when the caller's process was killed. */
  readonly disconnectReason: string | null;
  readonly endedAtMs: number;
  /** The end of the agents' last sound; null if there was none. */
  readonly goodbyeEndMs: number | null;
  /** In the order in which they came. */
  readonly agentIdentities: readonly string[];
  /** The folder of the recording; null if none was asked for. */
  readonly recording: string | null;
  readonly events: readonly CallEvent[];
  /** What all times were measured from. */
  readonly heard: HeardCall;
};

export type CallReportInput = {
  readonly callId: string;
  readonly room: string;
  readonly events: readonly CallEvent[];
  readonly voices: readonly Voice[];
  readonly recording: string | null;
};

/** Measures a call from its events and its recording. @throws {Error} if it never began or ended. */
export function reportCall({ events, voices, ...call }: CallReportInput): CallReport {
  const ringing = firstOf(events, 'ringing');
  const ended = firstOf(events, 'ended');
  if (!ringing || !ended) throw new Error('The call has no beginning or no end');
  const answered = firstOf(events, 'answered');
  const agents = voices.filter((voice) => voice.role === 'agent');
  const agentPcm = mixVoices(agents.map((voice) => voice.pcm));
  const callerPcm = voices.find((voice) => voice.role === 'caller')?.pcm ?? new Int16Array();
  const heard: HeardCall = {
    lines: events.filter((event) => event.type === 'said').map(asLine),
    callerSpeech: segmentsOf(callerPcm),
    agentSpeech: segmentsOf(agentPcm),
    answeredMs: answered?.atMs ?? null,
    endedMs: ended.atMs,
  };
  const greeting = measureGreeting(heard);
  return {
    ...call,
    startedAtEpochMs: ringing.epochMs,
    answered: answered !== undefined,
    ringToAnswerMs: heard.answeredMs,
    ringToFirstWordMs: heard.agentSpeech[0]?.fromMs ?? null,
    greeting: greeting && { ...greeting, agentPcm: cut(agentPcm, greeting) },
    turns: measureTurns(heard).map(({ answer, ...turn }) => ({
      ...turn,
      agentFromMs: answer?.agentFromMs ?? null,
      agentToMs: answer?.agentToMs ?? null,
      agentPcm: answer && cut(agentPcm, answer),
    })),
    longestSilenceMs: longestSilenceMs(heard),
    overlapMs: overlapMs(agents.map(({ pcm }) => segmentsOf(pcm, OVERLAP_PAUSE_MS))),
    endedBy: ended.by,
    disconnectReason: ended.disconnectReason,
    endedAtMs: ended.atMs,
    goodbyeEndMs: heard.agentSpeech.at(-1)?.toMs ?? null,
    agentIdentities: [...new Set(events.filter(isJoin).map((event) => event.identity))],
    events,
    heard,
  };
}

function firstOf<T extends CallEvent['type']>(
  events: readonly CallEvent[],
  type: T,
): CallEventOf<T> | undefined {
  return events.find((event): event is CallEventOf<T> => event.type === type);
}

function isJoin(event: CallEvent): event is CallEventOf<'agent-joined'> {
  return event.type === 'agent-joined';
}

function asLine({ line, fromMs, atMs }: CallEventOf<'said'>) {
  return { line, fromMs, toMs: atMs };
}

function segmentsOf(pcm: Int16Array, pauseMs = 200) {
  return speechSegments(pcm, { sampleRate: SAMPLE_RATE, pauseMs });
}

function cut(pcm: Int16Array, { agentFromMs, agentToMs }: Answer): Int16Array {
  const samplesPerMs = SAMPLE_RATE / 1000;
  return pcm.slice(Math.floor(agentFromMs * samplesPerMs), Math.ceil(agentToMs * samplesPerMs));
}
