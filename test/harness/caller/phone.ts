import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  AudioSource,
  DisconnectReason,
  LocalAudioTrack,
  ParticipantKind,
  Room,
  RoomEvent,
  TrackPublishOptions,
  TrackSource,
  type RemoteParticipant,
} from '@livekit/rtc-node';
import pTimeout from 'p-timeout';
import {
  SAMPLE_RATE,
  type CallEvent,
  type CallOrder,
  type EndedBy,
  type SpokenLine,
} from './call-events.ts';
import { FrameLog, samplesOf } from './frame-log.ts';
import { Hearing } from './hearing.ts';
import { Mouth } from './mouth.ts';
import { publishedAudio } from './published-audio.ts';
import { frameLogName } from './recording.ts';

/** Between callStatus `hangup` and the gateway's leaving (livekit-server-facts, section 14). */
const HANGUP_TO_LEAVE_MS = 5;
/** A server that is away must not keep the caller from hanging up. */
const LEAVE_MS = 1_000;
/** RFC 4733 section 3.2: the event codes of the keys. */
const DTMF_KEYS = '0123456789*#';

export type PhoneDeps = { readonly order: CallOrder; readonly emit: (event: CallEvent) => void };

/** The SIP gateway's participant for one call: rings, is answered, hears everyone, hangs up. */
export class Phone {
  /** What it hears of the others. */
  readonly hearing: Hearing;
  readonly #order: CallOrder;
  readonly #emit: (event: CallEvent) => void;
  readonly #room = new Room();
  readonly #source = new AudioSource(SAMPLE_RATE, 1, 0);
  readonly #callerLog: FrameLog;
  readonly #mouth: Mouth;
  readonly #over = new AbortController();
  readonly #joined = Promise.withResolvers<void>();
  #t0Ms = 0;
  #answeredMs: number | undefined;
  #lastLineEndMs = -Infinity;
  #mediaTimeout: NodeJS.Timeout | undefined;
  #ending: Promise<void> | undefined;

  constructor({ order, emit }: PhoneDeps) {
    this.#order = order;
    this.#emit = emit;
    const { folder } = order;
    this.hearing = new Hearing({ folder, emit, nowMs: () => this.nowMs() });
    this.#callerLog = new FrameLog(join(folder, frameLogName('caller', '')));
    this.#mouth = new Mouth({
      source: this.#source,
      nowMs: () => this.nowMs(),
      onFrame: (endMs, samples) => this.#callerLog.write(endMs, samples),
    });
  }

  /** Aborted when the call is over. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  get answeredMs(): number | undefined {
    return this.#answeredMs;
  }

  /** When the caller's last line ended; the answer, before any. */
  get lastLineEndMs(): number {
    return Math.max(this.#lastLineEndMs, this.#answeredMs ?? -Infinity);
  }

  /** Milliseconds since the caller is in the room. */
  nowMs(): number {
    return performance.now() - this.#t0Ms;
  }

  /** Joins, ringing, and publishes its track at once. Rejects when it cannot join. */
  async ring(): Promise<void> {
    const { url, token } = this.#order;
    this.#listenToRoom();
    await this.#room.connect(url, token, { autoSubscribe: false, dynacast: false });
    this.#t0Ms = performance.now();
    this.#emit({ type: 'ringing', atMs: 0, epochMs: Date.now() });
    this.#joined.resolve();
    for (const participant of this.#room.remoteParticipants.values()) this.#greet(participant);
    const me = this.#me();
    const track = LocalAudioTrack.createAudioTrack(me.identity, this.#source);
    const options = { source: TrackSource.SOURCE_MICROPHONE, dtx: false };
    await me.publishTrack(track, new TrackPublishOptions(options));
    this.#lookForTracks();
  }

  /** Says a line after those already waiting; before the answer it waits for that. */
  async say({ line, pcmFile }: SpokenLine): Promise<void> {
    const pcm = samplesOf(await readFile(pcmFile));
    const { fromMs, toMs } = await this.#mouth.say(pcm, (atMs) =>
      this.#emit({ type: 'saying', line, atMs }),
    );
    this.#lastLineEndMs = toMs;
    this.#emit({ type: 'said', line, fromMs, atMs: toMs });
  }

  async pressKey(digit: string): Promise<void> {
    await this.#joined.promise;
    await this.#me().publishDtmf(DTMF_KEYS.indexOf(digit), digit);
    this.#emit({ type: 'dtmf', digit, atMs: this.nowMs() });
  }

  /** Sends no more packets; the gateway hangs up when that has lasted its media timeout. */
  stopPackets(): void {
    if (this.#mediaTimeout || this.#answeredMs === undefined) return;
    this.#mouth.hold();
    this.#emit({ type: 'packets-stopped', atMs: this.nowMs() });
    const lastSentMs = Math.max(this.#mouth.lastSentMs, this.#answeredMs);
    const leftMs = lastSentMs + this.#order.mediaTimeoutMs - this.nowMs();
    this.#mediaTimeout = setTimeout(() => void this.hangUp('timeout'), leftMs);
  }

  resumePackets(): void {
    if (!this.#mediaTimeout) return;
    clearTimeout(this.#mediaTimeout);
    this.#mediaTimeout = undefined;
    this.#mouth.resume();
    this.#emit({ type: 'packets-resumed', atMs: this.nowMs() });
  }

  /** Ends the call from the caller's side, ringing or answered. */
  async hangUp(by: EndedBy): Promise<void> {
    await this.#joined.promise;
    if (this.#ending) return this.#ending;
    this.#emit({ type: 'hung-up', atMs: this.nowMs() });
    return this.#end(by, DisconnectReason.CLIENT_INITIATED);
  }

  #end(by: EndedBy, reason: DisconnectReason): Promise<void> {
    this.#ending ??= this.#endOnce(by, reason);
    return this.#ending;
  }

  async #endOnce(by: EndedBy, reason: DisconnectReason): Promise<void> {
    const atMs = this.nowMs();
    clearTimeout(this.#mediaTimeout);
    this.#over.abort();
    this.#mouth.close();
    if (this.#room.isConnected) {
      await this.#tellStatus('hangup');
      await delay(HANGUP_TO_LEAVE_MS);
      await within(this.#room.disconnect());
    }
    await Promise.all([this.#callerLog.close(), this.hearing.close()]);
    this.#emit({ type: 'ended', by, disconnectReason: DisconnectReason[reason] ?? null, atMs });
  }

  #listenToRoom(): void {
    const nowMs = () => this.nowMs();
    this.#room
      .on(RoomEvent.ParticipantConnected, (participant) => this.#greet(participant))
      .on(RoomEvent.ParticipantDisconnected, ({ kind, identity }) => {
        if (kind === ParticipantKind.AGENT) {
          this.#emit({ type: 'agent-left', identity, atMs: nowMs() });
        }
      })
      .on(RoomEvent.TrackPublished, () => this.#lookForTracks())
      .on(
        RoomEvent.TrackSubscribed,
        (track, _publication, from) => void this.hearing.listen(track, from),
      )
      .on(RoomEvent.Reconnecting, () => this.#emit({ type: 'reconnecting', atMs: nowMs() }))
      .on(RoomEvent.Reconnected, () => {
        this.#emit({ type: 'reconnected', atMs: nowMs() });
        this.#lookForTracks();
        // A server that was started anew knows of us what our token says: that it still rings.
        if (this.#answeredMs !== undefined) void this.#tellStatus('active');
      })
      .on(RoomEvent.LocalTrackRepublished, () => this.#emit({ type: 'republished', atMs: nowMs() }))
      .on(RoomEvent.Disconnected, (reason) => {
        void this.#end(AGENT_ENDED.has(reason) ? 'agent' : 'network', reason);
      });
  }

  #greet({ kind, identity }: RemoteParticipant): void {
    if (kind !== ParticipantKind.AGENT) return;
    this.#emit({ type: 'agent-joined', identity, atMs: this.nowMs() });
  }

  /** The first agent's audio track is the answer; from then on every audio track is subscribed to. */
  #lookForTracks(): void {
    if (this.#ending) return;
    const tracks = [...this.#room.remoteParticipants.values()].flatMap(publishedAudio);
    const ofAgent = tracks.find(({ from }) => from.kind === ParticipantKind.AGENT);
    if (this.#answeredMs === undefined && !ofAgent) return;
    for (const { publication } of tracks) {
      if (!publication.subscribed) publication.setSubscribed(true);
    }
    if (this.#answeredMs === undefined && ofAgent) this.#answer(ofAgent.from);
  }

  #answer({ identity }: RemoteParticipant): void {
    this.#answeredMs = this.nowMs();
    this.#emit({ type: 'answered', identity, atMs: this.#answeredMs });
    void this.#beginToSpeak();
  }

  async #beginToSpeak(): Promise<void> {
    await this.#tellStatus('active');
    if (!this.#ending) await this.#mouth.open();
  }

  async #tellStatus(status: 'active' | 'hangup'): Promise<void> {
    await within(this.#me().setAttributes({ 'sip.callStatus': status }));
  }

  #me() {
    if (!this.#room.localParticipant) throw new Error('The caller is not in the room');
    return this.#room.localParticipant;
  }
}

/** The agent ends a call by deleting the room, or by removing the caller from it. */
const AGENT_ENDED: ReadonlySet<DisconnectReason> = new Set([
  DisconnectReason.ROOM_DELETED,
  DisconnectReason.ROOM_CLOSED,
  DisconnectReason.PARTICIPANT_REMOVED,
]);

async function within(work: Promise<void>): Promise<void> {
  await pTimeout(work, { milliseconds: LEAVE_MS, fallback: () => {} }).catch(() => {});
}
