import { mkdir, open, statfs, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { voice } from '@livekit/agents';
import type { AudioFrame } from '@livekit/rtc-node';
import { recordedVoices, recordingFolder, type RecordedVoice } from '../infra/recordings.ts';
import { followFramesOut } from '../livekit/workarounds.ts';
import type { Log } from '../telemetry/events.ts';

/** A telephone's own: 8 kB a second and voice, 1 MB a minute of a call. */
const sampleRateHz = 8_000;
const flushMs = 2_000;
/** Frames come in bursts; a longer hole is silence. */
const holeMs = 200;
/** The disk hangs when so much waits for it: half a minute. */
const mostWaitingBytes = 30 * sampleRateHz;
/** No call lasts longer, and what does ends without its recording. */
const mostBytes = 2 * 3_600 * sampleRateHz;
/** The journal needs room more than a recording does. */
const scarceBytes = 500 * 1_048_576;

/**
 * Records the two voices of a call apart, each as a WAV file (µ-law, 8 kHz) in a folder that only its
 * owner reads, while the call runs: a job that dies leaves what it had but for two seconds. A disk that
 * is full, slow or broken ends the recording, and nothing else.
 */
export class CallRecording {
  readonly #log: Log;
  readonly #folder: string;
  readonly #startedAtMs = Date.now();
  readonly #voices = new Map<RecordedVoice, VoiceTrack>();
  readonly #segment: AudioFrame[] = [];
  #segmentAtMs: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  readonly #closed = Promise.withResolvers<void>();
  #isOver = false;
  #hasGivenUp = false;

  constructor(options: { readonly dataDir: string; readonly callId: string; readonly log: Log }) {
    const { dataDir, callId } = options;
    this.#log = options.log;
    this.#folder = recordingFolder(dataDir, callId, this.#startedAtMs);
  }

  /** Begins with the agent's speech; `heard` is told of the caller's. Ends by itself on `signal`. */
  start(session: voice.AgentSession, signal: AbortSignal): void {
    for (const name of recordedVoices) this.#voices.set(name, new VoiceTrack());
    followFramesOut(session, (frame) => {
      if (!this.#isOver) this.#segment.push(frame);
    });
    const output = session.output.audio;
    output?.on(voice.AudioOutput.EVENT_PLAYBACK_STARTED, ({ createdAt }) => {
      this.#segmentAtMs = createdAt;
    });
    output?.on(voice.AudioOutput.EVENT_PLAYBACK_FINISHED, ({ playbackPosition }) =>
      this.#spoken(playbackPosition * 1_000),
    );
    this.#timer = setInterval(() => void this.#flush(), flushMs).unref();
    signal.addEventListener('abort', () => void this.close(), { once: true });
  }

  /** Takes a frame of the caller's, as it came. */
  heard(frame: AudioFrame): void {
    if (this.#isOver) return;
    const frameMs = (frame.samplesPerChannel / frame.sampleRate) * 1_000;
    this.#add('caller', frame, Date.now() - frameMs);
  }

  /** Resolves when the recording is over and its files are closed. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Ends the recording; what was taken is in the files. Never rejects. */
  async close(): Promise<void> {
    if (this.#isOver) return this.closed;
    // Of a sentence that is being said, what was heard so far.
    if (this.#segmentAtMs !== null) this.#spoken(Date.now() - this.#segmentAtMs);
    this.#isOver = true;
    clearInterval(this.#timer);
    await this.#flushing;
    await this.#flush();
    await this.#closeFiles();
  }

  /** Of what was put out, so much was played before it ended or was broken off. */
  #spoken(playedMs: number): void {
    let atMs = this.#segmentAtMs ?? Date.now() - playedMs;
    let leftMs = playedMs;
    for (const frame of this.#segment) {
      if (leftMs <= 0) break;
      const frameMs = (frame.samplesPerChannel / frame.sampleRate) * 1_000;
      this.#add('agent', frame, atMs);
      atMs += frameMs;
      leftMs -= frameMs;
    }
    this.#segment.length = 0;
    this.#segmentAtMs = null;
  }

  #add(name: RecordedVoice, frame: AudioFrame, atMs: number): void {
    if (this.#isOver) return;
    const track = this.#voices.get(name);
    track?.add(frame, atMs - this.#startedAtMs);
    if ((track?.waitingBytes ?? 0) > mostWaitingBytes) this.#give('the disk is too slow');
    if ((track?.bytes ?? 0) > mostBytes) this.#give('the call is too long');
  }

  #flush(): Promise<void> {
    this.#flushing ??= this.#write().finally(() => (this.#flushing = undefined));
    return this.#flushing;
  }

  async #write(): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const { bavail, bsize } = await statfs(this.#folder);
      if (bavail * bsize < scarceBytes) return this.#give('the disk has no room');
      for (const [name, track] of this.#voices) {
        await track.write(path.join(this.#folder, `${name}.wav`));
      }
    } catch (error) {
      this.#give('it could not be written', error);
    }
  }

  #give(why: string, error?: unknown): void {
    if (this.#hasGivenUp) return;
    this.#hasGivenUp = true;
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#log.emit('recording.ended', { why, ...(error === undefined ? {} : { error }) });
    void this.#closeFiles();
  }

  async #closeFiles(): Promise<void> {
    for (const track of this.#voices.values()) await track.close().catch(() => {});
    this.#closed.resolve();
  }
}

/** One voice on its way to its file. */
class VoiceTrack {
  #waiting: Uint8Array[] = [];
  #taken = 0;
  #written = 0;
  #handle: FileHandle | undefined;

  get bytes(): number {
    return this.#taken;
  }

  get waitingBytes(): number {
    return this.#taken - this.#written;
  }

  /** Adds a frame that sounded so long after the beginning; what was not said is silence. */
  add({ data, sampleRate, channels }: AudioFrame, afterMs: number): void {
    const hole = Math.round((afterMs * sampleRateHz) / 1_000) - this.#taken;
    if (hole > (holeMs * sampleRateHz) / 1_000) {
      this.#take(new Uint8Array(Math.min(hole, mostBytes)).fill(muLaw(0)));
    }
    const step = (sampleRate / sampleRateHz) * channels;
    const encoded = new Uint8Array(Math.floor(data.length / step));
    for (let nth = 0; nth < encoded.length; nth += 1) {
      const [from, to] = [Math.floor(nth * step), Math.max(Math.floor((nth + 1) * step), 1)];
      let sum = 0;
      for (let at = from; at < to; at += 1) sum += data[at] ?? 0;
      encoded[nth] = muLaw(sum / Math.max(1, to - from));
    }
    this.#take(encoded);
  }

  async write(file: string): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#handle ??= await open(file, 'w', 0o600);
    await this.#handle.write(bytes, 0, bytes.length, headerBytes + this.#written);
    this.#written += bytes.length;
    // The header is true at each moment: nobody closes the file of a job that dies.
    await this.#handle.write(header(this.#written), 0, headerBytes, 0);
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  #take(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#taken += bytes.length;
  }
}

const headerBytes = 58;

/** RIFF/WAVE for µ-law: a `fmt ` of 18 bytes, and the `fact` that formats other than PCM have. */
function header(samples: number): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(headerBytes - 8 + samples, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(18, 16);
  bytes.writeUInt16LE(7, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(sampleRateHz, 24);
  bytes.writeUInt32LE(sampleRateHz, 28);
  bytes.writeUInt16LE(1, 32);
  bytes.writeUInt16LE(8, 34);
  bytes.write('fact', 38);
  bytes.writeUInt32LE(4, 42);
  bytes.writeUInt32LE(samples, 46);
  bytes.write('data', 50);
  bytes.writeUInt32LE(samples, 54);
  return bytes;
}

/** ITU-T G.711, of a 16-bit sample. */
function muLaw(sample: number): number {
  const [bias, most] = [132, 32_635];
  const level = Math.min(Math.abs(Math.round(sample)), most) + bias;
  const exponent = Math.floor(Math.log2(level)) - 7;
  const mantissa = (level >> (exponent + 3)) & 0x0f;
  return ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | mantissa) & 0xff;
}
