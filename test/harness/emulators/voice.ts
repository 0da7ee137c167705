import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  type ConvertRequest,
  type RenderReply,
  type SpeakRequest,
  VOICE_RATE,
  type VoiceModel,
} from './voice-protocol.ts';

/** Who speaks: two voices that nobody takes for each other. */
export type Voice = 'caller' | 'agent';

const models: Record<Voice, VoiceModel> = {
  caller: { name: 'en-us', pitch: 38, pitchRange: 55, wordsPerMinute: 165 },
  agent: { name: 'en-us+f3', pitch: 55, pitchRange: 60, wordsPerMinute: 165 },
};

export type SpeechOptions = {
  readonly voice: Voice;
  /** Hz; 24,000 if left out. */
  readonly sampleRate?: number;
  /** Where rendered lines are kept; a folder of the system's temporary one if left out. */
  readonly cacheDir?: string;
};

/**
 * The line as spoken by a real synthesiser: mono, 16 bits, without silence around it. A line that was
 * rendered before comes from the disk, so measured calls render theirs first.
 * Rejects when the synthesiser refuses the text.
 */
export async function renderSpeech(text: string, options: SpeechOptions): Promise<Int16Array> {
  const { voice, sampleRate = 24_000, cacheDir = join(tmpdir(), 'pickup-speech') } = options;
  const order = { text: text.trim(), model: models[voice] };
  // The synthesiser never says a thing twice the same way, so every rate comes from one rendering.
  const spoken = () => kept(cacheDir, order, () => thread.run(order));
  if (sampleRate === VOICE_RATE) return spoken();
  return kept(cacheDir, { ...order, sampleRate }, async () =>
    thread.run({ pcm: await spoken(), sampleRate }),
  );
}

/** Rendered in this process and not on the disk yet, by their files. */
const unwritten = new Map<string, Int16Array>();

/** From the disk, or made and put there. */
async function kept(
  cacheDir: string,
  key: unknown,
  make: () => Promise<Int16Array>,
): Promise<Int16Array> {
  const file = join(
    cacheDir,
    `${createHash('sha256').update(JSON.stringify(key)).digest('hex')}.s16`,
  );
  const rendered = unwritten.get(file);
  if (rendered) return rendered.slice();
  const cached = await readFile(file).catch(() => undefined);
  if (cached) return asSamples(cached);
  await mkdir(cacheDir, { recursive: true });
  const pcm = await make();
  // Nobody waits in the middle of an answer for a disk that is busy with other things.
  unwritten.set(file, pcm);
  void write(file, pcm)
    .catch(() => {})
    .finally(() => unwritten.delete(file));
  return pcm.slice();
}

/** Under its final name at once and whole: several processes render the same line. */
async function write(file: string, pcm: Int16Array): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`;
  await writeFile(unfinished, new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength));
  await rename(unfinished, file);
}

function asSamples(bytes: Buffer): Int16Array {
  return new Int16Array(new Uint8Array(bytes).buffer);
}

/** One thread a process, started with the first line and never in the way of the process's exit. */
class VoiceThread {
  #worker: Worker | undefined;
  #nextId = 0;
  readonly #pending = new Map<number, PromiseWithResolvers<Int16Array>>();

  run(order: Omit<SpeakRequest, 'id'> | Omit<ConvertRequest, 'id'>): Promise<Int16Array> {
    const worker = (this.#worker ??= this.#start());
    const request = { id: (this.#nextId += 1), ...order };
    const reply = Promise.withResolvers<Int16Array>();
    this.#pending.set(request.id, reply);
    worker.ref();
    worker.postMessage(request, []);
    return reply.promise;
  }

  #start(): Worker {
    // Loaders and test flags of the parent are not for this thread.
    const worker = new Worker(new URL('./voice-worker.ts', import.meta.url), { execArgv: [] });
    worker.on('message', (reply: RenderReply) => this.#settle(reply));
    worker.on('error', (error) => this.#fail(error));
    return worker;
  }

  #settle(reply: RenderReply): void {
    const waiting = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#worker?.unref();
    if (reply.pcm) waiting?.resolve(reply.pcm);
    else waiting?.reject(new Error(`The synthesiser failed: ${reply.error}`));
  }

  #fail(error: Error): void {
    this.#worker = undefined;
    for (const waiting of this.#pending.values()) waiting.reject(error);
    this.#pending.clear();
  }
}

const thread = new VoiceThread();
