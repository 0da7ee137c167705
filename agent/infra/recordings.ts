import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Voices of a call, each in a file of its own. */
export const recordedVoices = ['caller', 'agent'] as const;

/** One of `recordedVoices`. */
export type RecordedVoice = (typeof recordedVoices)[number];

/** What one job recorded of a call. */
export type Recording = {
  /** Its first moment: jobs that follow each other in a call each have one. */
  readonly startedAtMs: number;
  readonly voice: RecordedVoice;
  readonly file: string;
  readonly bytes: number;
};

/** The folder of all recordings. */
export function recordingsFolder(dataDir: string): string {
  return path.join(dataDir, 'recordings');
}

/** The folder of what one job recorded of a call. */
export function recordingFolder(dataDir: string, callId: string, startedAtMs: number): string {
  return path.join(recordingsFolder(dataDir), `${encodeURIComponent(callId)}-${startedAtMs}`);
}

/** True for a name in the folder of all recordings that is of this call. */
export function isRecordingOf(name: string, callId: string): boolean {
  return name.replace(/-\d+$/, '') === encodeURIComponent(callId);
}

/** The recordings of a call on this machine, in their order; none is no error. */
export async function recordingsOf(dataDir: string, callId: string): Promise<readonly Recording[]> {
  const folder = recordingsFolder(dataDir);
  const names = (await readdir(folder).catch(() => [])).filter((name) =>
    isRecordingOf(name, callId),
  );
  const found: Recording[] = [];
  for (const name of names) {
    for (const voice of recordedVoices) {
      const file = path.join(folder, name, `${voice}.wav`);
      const bytes = (await stat(file).catch(() => null))?.size;
      const startedAtMs = Number(/\d+$/.exec(name)?.[0]);
      if (bytes !== undefined) found.push({ startedAtMs, voice, file, bytes });
    }
  }
  return found.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
}
