import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SAMPLE_RATE } from './call-events.ts';
import { readFrameLog } from './frame-log.ts';
import { placeFrames } from './sample-clock.ts';
import { encodeWav, mixVoices } from './wav.ts';

/** Whose voice it is; `other` is anyone who is not an agent, such as a person transferred to. */
export type Role = 'caller' | 'agent' | 'other';

/** One voice from the moment the caller was in the room, at `SAMPLE_RATE`. */
export type Voice = { readonly role: Role; readonly identity: string; readonly pcm: Int16Array };

const SUFFIX = '.frames';

/** The file in which a caller process logs what it hears of somebody. */
export function frameLogName(role: Role, identity: string): string {
  return `${role}.${encodeURIComponent(identity)}${SUFFIX}`;
}

/** The voices that a caller process has left in its folder, each on the same line of time. */
export async function readVoices(folder: string): Promise<Voice[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX)).sort();
  return Promise.all(
    names.map(async (name) => {
      const [role = '', encoded = ''] = name.slice(0, -SUFFIX.length).split(/\.(.*)/s);
      const pcm = placeFrames(await readFrameLog(join(folder, name)), SAMPLE_RATE);
      return { role: asRole(role), identity: decodeURIComponent(encoded), pcm };
    }),
  );
}

/** Writes `caller.wav`, `agent-<identity>.wav` for each agent, and `mix.wav`, all beginning at once. */
export async function writeRecording(voices: readonly Voice[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const mix = { name: 'mix', pcm: mixVoices(voices.map((voice) => voice.pcm)) };
  const files = [...voices.map((voice) => ({ name: wavName(voice), pcm: voice.pcm })), mix];
  for (const { name, pcm } of files) {
    await writeFile(join(folder, `${name}.wav`), encodeWav(pcm, SAMPLE_RATE));
  }
}

/** The framework's agents are called `agent-<job id>` already. */
function wavName({ role, identity }: Voice): string {
  if (role === 'caller') return 'caller';
  const safe = identity.replaceAll(/[^\w+.-]/g, '_');
  return safe.startsWith(`${role}-`) ? safe : `${role}-${safe}`;
}

function asRole(text: string): Role {
  return text === 'caller' || text === 'agent' ? text : 'other';
}
