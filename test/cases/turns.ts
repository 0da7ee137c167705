import { initializeLogger, VADEventType } from '@livekit/agents';
import type { inference } from '@livekit/agents';
import { AudioFrame } from '@livekit/rtc-node';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import {
  createVoiceDetector,
  fixedEndOfTurnMs,
  TurnWords,
} from '../../agent/speech/turn-taking.ts';
import { joinPcm } from '../harness/emulators/join-pcm.ts';
import { Recogniser } from '../harness/emulators/recogniser.ts';
import { Utterances } from '../harness/emulators/utterances.ts';
import { renderSpeech } from '../harness/emulators/voice.ts';

const callerTurn = z.object({
  agentAsked: z.string(),
  /** Words, and between them pauses in seconds. */
  says: z.array(z.union([z.string(), z.number().positive()])),
});
/** A file of turns, as `cases -- turns` takes it. */
export const turnsFile = z.object({ turns: z.array(callerTurn) });

/** One turn of a caller, with the pauses in it. */
export type CallerTurn = z.infer<typeof callerTurn>;

/** Ends that came too early, and the time from the last words to the answer; null: never. */
export type TurnEnd = { readonly falseEnds: number; readonly answerMs: number | null };

/** The silence that ends a turn, by the words so far: today's rules, or one for all. */
export type Rules = 'by-words' | 'fixed';

initializeLogger({ pretty: false, level: 'silent' });

const sampleRate = 16_000;
const frameMs = 10;
/** Of the voice detector, which tells of each. */
const windowMs = 32;
/** From the end of the words to the transcript, to the first token, to the first sound. */
const hearingMs = 250;
const modelMs = 400;
const voiceMs = 250;
/** Who is not answered by then is missed. */
const missedMs = 2_000;
const lineRestMs = 3_000;
/** The endpointing that Deepgram is asked for. */
const endpointingMs = 25;

/**
 * Puts each turn of the file through the voice detector and the rules, faster than real time, and
 * prints its false ends and when it is answered, and the sum of it with the rules and without them.
 * @throws when the file is none.
 */
export async function run(path: string, { json }: { readonly json?: unknown }): Promise<boolean> {
  const { turns } = turnsFile.parse(JSON.parse(await readFile(path, 'utf8')));
  const now: TurnEnd[] = [];
  const before: TurnEnd[] = [];
  for (const turn of turns) {
    const sound = await hear(turn);
    const end = takeTurn(turn, sound, 'by-words');
    now.push(end);
    before.push(takeTurn(turn, sound, 'fixed'));
    const line = { ...turn, ...end, ok: end.falseEnds === 0 && !isMissed(end) };
    console.log(json ? JSON.stringify(line) : asText(line));
  }
  const sum = { ...sumOf(now), before: sumOf(before) };
  console.log(JSON.stringify(sum));
  return sum.falseEnds + sum.missedEnds === 0;
}

/** The number of ends that came too early, and of turns that were answered too late or never. */
export function sumOf(ends: readonly TurnEnd[]) {
  const falseEnds = ends.reduce((sum, end) => sum + end.falseEnds, 0);
  return { turns: ends.length, falseEnds, missedEnds: ends.filter(isMissed).length };
}

/** Where the words are in a turn, and what the voice detector and the recogniser made of it. */
export type HeardTurn = {
  readonly wordsEndMs: number;
  readonly events: readonly HeardEvent[];
};

type HeardEvent = { readonly atMs: number } & (
  | { readonly type: 'started' }
  | { readonly type: 'sounding' }
  | { readonly type: 'stopped'; readonly silenceMs: number }
  | { readonly type: 'words'; readonly words: string; readonly isFinal: boolean }
);

/** Speaks a turn in the caller's voice, and listens to it. */
export async function hear({ says }: CallerTurn): Promise<HeardTurn> {
  const recogniser = new Recogniser();
  const parts: Int16Array[] = [silence(500)];
  for (const part of says) {
    if (typeof part === 'number') {
      parts.push(silence(part * 1_000));
      continue;
    }
    const pcm = await renderSpeech(part, { voice: 'caller', sampleRate });
    if (!recogniser.knows(part)) recogniser.teach(part, pcm, sampleRate);
    parts.push(pcm);
  }
  const wordsEndMs = lengthMs(joinPcm(parts));
  const pcm = joinPcm([...parts, silence(lineRestMs)]);
  const events = [...(await detect(pcm)), ...recognise(pcm, recogniser)];
  return { wordsEndMs, events: events.toSorted((a, b) => a.atMs - b.atMs) };
}

/**
 * Ends the turn as the framework does (1.9.0, audio_recognition.ts, `runEOUDetection`): after the
 * detector's silence or final words, once the caller was silent for as long as the rules say.
 */
export function takeTurn(
  { agentAsked }: CallerTurn,
  { wordsEndMs, events }: HeardTurn,
  rules: Rules,
): TurnEnd {
  const turn = new TurnWords();
  turn.agentSaid(agentAsked, { isBrokenOff: false });
  let [falseEnds, delayMs, soundedMs, readyMs] = [0, fixedEndOfTurnMs, 0, 0];
  let [isSpeaking, hasWords] = [false, false];
  let dueMs = Infinity;
  let answerMs: number | null = null;
  const bounce = (atMs: number) => {
    if (hasWords) dueMs = Math.max(atMs, soundedMs + delayMs);
  };
  for (const event of [...events, { type: 'over', atMs: Infinity } as const]) {
    if (dueMs <= event.atMs && dueMs < Infinity) {
      if (dueMs < wordsEndMs) falseEnds += 1;
      else answerMs ??= Math.round(Math.max(dueMs, readyMs) - wordsEndMs);
      turn.ended();
      [hasWords, dueMs] = [false, Infinity];
    }
    if (event.type === 'started') {
      [isSpeaking, dueMs] = [true, Infinity];
    } else if (event.type === 'sounding') {
      soundedMs = event.atMs;
    } else if (event.type === 'stopped') {
      isSpeaking = false;
      soundedMs = event.atMs - event.silenceMs;
      bounce(event.atMs);
    } else if (event.type === 'words') {
      const { words, isFinal, atMs } = event;
      const nextMs = turn.callerSaid(words, { isFinal, nowMs: atMs });
      if (rules === 'by-words') delayMs = nextMs;
      if (!isFinal) continue;
      hasWords = true;
      readyMs = atMs + modelMs + voiceMs;
      if (!isSpeaking) bounce(atMs);
    }
  }
  return { falseEnds, answerMs };
}

function isMissed({ answerMs }: TurnEnd): boolean {
  return answerMs === null || answerMs > missedMs;
}

async function detect(pcm: Int16Array): Promise<HeardEvent[]> {
  const stream: ReturnType<inference.VAD['stream']> = createVoiceDetector().stream();
  const events: HeardEvent[] = [];
  const samples = (sampleRate * frameMs) / 1_000;
  for (let at = 0; at + samples <= pcm.length; at += samples) {
    stream.pushFrame(new AudioFrame(pcm.slice(at, at + samples), sampleRate, 1, samples));
  }
  const endMs = lengthMs(pcm) - 2 * windowMs;
  for await (const { type, timestamp: atMs, ...event } of stream) {
    if (type === VADEventType.START_OF_SPEECH) events.push({ type: 'started', atMs });
    else if (type === VADEventType.END_OF_SPEECH)
      events.push({ type: 'stopped', atMs, silenceMs: event.silenceDuration });
    else if (atMs >= endMs) break;
    else if (event.rawAccumulatedSpeech > 0) events.push({ type: 'sounding', atMs });
  }
  stream.close();
  return events;
}

function recognise(pcm: Int16Array, recogniser: Recogniser): HeardEvent[] {
  const utterances = new Utterances({ recogniser, sampleRate, endpointingMs });
  const events: HeardEvent[] = [];
  const samples = (sampleRate * frameMs) / 1_000;
  for (let at = 0; at < pcm.length; at += samples) {
    for (const event of utterances.push(pcm.subarray(at, at + samples))) {
      if (event.type === 'speech-started' || event.words.length === 0) continue;
      const words = event.words.map(({ word }) => word).join(' ');
      const atMs = utterances.nowMs + hearingMs;
      events.push({ type: 'words', words, isFinal: event.type === 'final', atMs });
    }
  }
  return events;
}

const silence = (ms: number) => new Int16Array(Math.round((sampleRate * ms) / 1_000));
const lengthMs = (pcm: Int16Array) => (pcm.length / sampleRate) * 1_000;

function asText({
  agentAsked,
  says,
  falseEnds,
  answerMs,
  ok,
}: CallerTurn & TurnEnd & { ok: boolean }) {
  const words = says.map((part) => (typeof part === 'number' ? `(${part} s)` : part)).join(' ');
  const over = answerMs === null ? 'never answered' : `answered after ${answerMs} ms`;
  return `${ok ? 'ok   ' : 'WRONG'} ${falseEnds} false, ${over}  ${agentAsked} - ${words}`;
}
