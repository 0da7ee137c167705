import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderSpeech } from '../emulators/voice.ts';
import { SAMPLE_RATE, type SpokenLine } from './call-events.ts';
import { bytesOf } from './frame-log.ts';

/** Makes sound of a line: 16-bit mono samples at `SAMPLE_RATE`. */
export type Render = (line: string) => Promise<Int16Array>;

/** The caller's voice of the synthesiser. */
export function renderAsCaller(line: string): Promise<Int16Array> {
  return renderSpeech(line, { voice: 'caller', sampleRate: SAMPLE_RATE });
}

/** Renders a line into a file of a folder, for a caller process to say. */
export async function renderLine(
  line: string,
  { folder, render }: { readonly folder: string; readonly render: Render },
): Promise<SpokenLine> {
  const pcmFile = join(folder, `${randomUUID()}.s16`);
  await writeFile(pcmFile, bytesOf(await render(line)));
  return { line, pcmFile };
}
