import { AudioStream, ParticipantKind, Room, RoomEvent, TrackKind } from '@livekit/rtc-node';
import { initializeLogger } from '@livekit/agents';
import { randomBytes } from 'node:crypto';
import timers from 'node:timers/promises';
import { AccessToken, RoomAgentDispatch, RoomConfiguration, SipClient } from 'livekit-server-sdk';
import { readLastGood } from '../../tools/sheet/read/last-good.ts';
import { loadConfig } from '../config/config.ts';
import { withDeadline } from '../infra/deadline.ts';
import { createLog } from '../infra/log.ts';
import { findCall, newestTestCall } from '../infra/store/calls.ts';
import { openStore } from '../infra/store/database.ts';
import { readTranscript } from '../infra/store/transcripts.ts';
import type { CanaryFault, CanaryFinding } from '../ipc/canary-finding.ts';
import { captureFrameworkLines } from '../livekit/framework-log.ts';
import { endRoom } from '../livekit/room-service.ts';
import { testAttribute } from '../livekit/sip-attributes.ts';
import { EnergyGate } from '../speech/energy-gate.ts';
import { Mouth } from '../speech/mouth.ts';
import { synthesisePhrase } from '../speech/prompts/prompt-audio.ts';
import { createVoice } from '../speech/tts/voices.ts';
import { eventLog } from '../telemetry/events.ts';
import { isRight, questionOf } from './question.ts';

/**
 * One test call, in a process of its own: phones the agent as a customer does, asks what a machine of
 * the sheet costs, and tells the supervisor what it heard. With `CANARY_NUMBER` the call goes out to a
 * carrier and comes back by the yard's own number; else its room is one as the SIP gateway makes it.
 */

const joinMs = 10_000;
/** A call over carriers rings for some seconds before it is here. */
const firstWordMs = { direct: 15_000, phoned: 45_000 } as const;
const answerMs = 20_000;
const endMs = 20_000;
/** The greeting is over when nothing was heard for so long. */
const greetingPauseMs = 1_200;
const longestGreetingMs = 30_000;
const pollMs = 250;
const frameMs = 60;
const earRateHz = 16_000;

const config = loadConfig();
const log = eventLog(
  captureFrameworkLines((write) =>
    createLog({ level: config.logLevel, secrets: config.secrets, write }),
  ),
);
initializeLogger({ pretty: false, level: 'warn' });
const { livekit, canary } = config;
const phoned = canary?.phone ?? null;
const found: { -readonly [Key in keyof CanaryFinding]: CanaryFinding[Key] } = {
  why: null,
  callId: null,
  firstWordMs: null,
  answerMs: null,
};

process.on('disconnect', () => process.exit(0));
found.why = await test();
process.send?.(found, () => process.exit(0));

/** Holds the call; resolves with the first thing that was wrong with it. Never rejects. */
async function test(): Promise<CanaryFault | null> {
  try {
    return await call();
  } catch (error) {
    log.emit('process.fault', { error }, 'canary');
    return 'broken';
  }
}

async function call(): Promise<CanaryFault | null> {
  const store = await openStore(config.store);
  const list = await readLastGood(store);
  const question = list && questionOf(list, randomBytes(2).readUInt16BE());
  if (!question || Date.now() - list.fetchedAtMs > config.timeouts.inventoryMaxAgeMs) {
    return 'no-sheet';
  }
  const voice = createVoice(config);
  const spoken = await synthesisePhrase(voice, question.says).catch(() => null);
  if (!spoken) return 'no-question';

  const room = new Room();
  const ear = listen(room);
  const startedAtMs = Date.now();
  const ringMs = performance.now();
  const { name, token } = await ring();
  const joined = room.connect(livekit.url, token, { autoSubscribe: true, dynacast: false });
  const isThere = await withDeadline(() => joined, { ms: joinMs, label: 'canary' }).then(
    () => true,
    () => false,
  );
  if (!isThere) return 'not-joined';
  try {
    const mouth = new Mouth(room, spoken.sampleRateHz);
    await mouth.publish('canary');
    if (phoned) await dial(name, phoned);
    if (!(await until(() => ear.heardAtMs !== null, firstWordMs[phoned ? 'phoned' : 'direct']))) {
      return 'no-first-word';
    }
    found.firstWordMs = Math.round((ear.heardAtMs ?? 0) - ringMs);
    await until(() => ear.quietMs >= greetingPauseMs, longestGreetingMs);
    found.callId ??= await newestTestCall(store, startedAtMs);
    const { callId } = found;
    await mouth.say(question.says, spoken);
    const [askedAtMs, askedMs] = [Date.now(), performance.now()];
    ear.forget();
    const answers = async () => {
      const { lines } = await readTranscript(store, callId ?? '');
      return lines.filter(({ who, atMs }) => who === 'agent' && atMs >= askedAtMs);
    };
    const isAnswered = async () => {
      const words = (await answers()).map(({ text }) => text).join(' ');
      // Staff may have changed the price while it was asked for.
      const now = await readLastGood(store);
      return [list, ...(now ? [now] : [])].some((known) => isRight(known, question, words));
    };
    const isRightAnswer = await until(isAnswered, answerMs);
    if (ear.heardAtMs !== null) found.answerMs = Math.round(ear.heardAtMs - askedMs);
    if (!isRightAnswer) return (await answers()).length > 0 ? 'wrong-answer' : 'no-answer';
    if (ear.heardAtMs === null) return 'no-answer';
    await hangUp(name);
    const isOver = async () => (await findCall(store, callId ?? ''))?.result === 'completed';
    return (await until(isOver, endMs)) ? null : 'not-ended';
  } finally {
    await hangUp(name).catch(() => {});
  }

  async function hangUp(roomName: string): Promise<void> {
    if (!room.isConnected) return;
    if (phoned) return endRoom(config, roomName);
    await room.localParticipant?.setAttributes({ 'sip.callStatus': 'hangup' });
    await room.disconnect();
  }
}

/** The room of the call, and a token for it: of a caller, or of who phones by a carrier. */
async function ring(): Promise<{ readonly name: string; readonly token: string }> {
  const id = randomBytes(9).toString('base64url').replaceAll(/[-_]/g, '0');
  const name = phoned ? `canary-${id}` : `call-_canary_${id}`;
  const callId = `CC_${id}`;
  const token = new AccessToken(livekit.apiKey, livekit.apiSecret, {
    identity: phoned ? 'canary' : `sip_${callId}`,
    ttl: 300,
    attributes: phoned
      ? {}
      : {
          'sip.callID': callId,
          'sip.callStatus': 'ringing',
          'sip.phoneNumber': 'anonymous',
          [testAttribute]: 'trial',
        },
  });
  token.addGrant({
    roomJoin: true,
    room: name,
    canPublish: true,
    canSubscribe: true,
    canUpdateOwnMetadata: true,
  });
  if (!phoned) {
    found.callId = callId;
    token.kind = 'sip';
    const agents = [new RoomAgentDispatch({ agentName: livekit.agentName })];
    token.roomConfig = new RoomConfiguration({ agents });
  }
  return { name, token: await token.toJwt() };
}

/** Phones the yard's number by the trunk of ours; whoever answers comes into the room. */
async function dial(
  room: string,
  { number, trunkId }: { readonly number: string; readonly trunkId: string },
): Promise<void> {
  const sip = new SipClient(livekit.url, livekit.apiKey, livekit.apiSecret);
  await sip.createSipParticipant(trunkId, number, room, { participantIdentity: 'yard' });
}

type Ear = {
  /** When the agent's voice was first heard since, by `performance.now()`; null until then. */
  readonly heardAtMs: number | null;
  /** How long nothing has been heard, since something was. */
  readonly quietMs: number;
  /** Waits for the next words. */
  forget(): void;
};

/** Hears whoever speaks in the room: the agent, or the yard at the other end of the line. */
function listen(room: Room): Ear {
  const gate = new EnergyGate();
  let heardAtMs: number | null = null;
  let lastMs = Infinity;
  room.on(RoomEvent.TrackSubscribed, (track, _publication, { info }) => {
    const speaks = phoned ? ParticipantKind.SIP : ParticipantKind.AGENT;
    if (track.kind !== TrackKind.KIND_AUDIO || info.kind !== speaks) return;
    const shape = { sampleRate: earRateHz, numChannels: 1, frameSizeMs: frameMs };
    void hear(new AudioStream(track, shape));
    // What the gateway says once an agent's track is there.
    if (!phoned) void room.localParticipant?.setAttributes({ 'sip.callStatus': 'active' });
  });
  async function hear(stream: AsyncIterable<{ readonly data: Int16Array }>): Promise<void> {
    for await (const { data } of stream) {
      if (!gate.push(data, frameMs)) continue;
      lastMs = performance.now();
      heardAtMs ??= lastMs;
    }
  }
  return {
    get heardAtMs() {
      return heardAtMs;
    },
    get quietMs() {
      return performance.now() - lastMs;
    },
    forget: () => (heardAtMs = null),
  };
}

/** True when it came to this within `ms`. */
async function until(holds: () => boolean | Promise<boolean>, ms: number): Promise<boolean> {
  const untilMs = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > untilMs) return false;
    await timers.setTimeout(pollMs);
  }
  return true;
}
