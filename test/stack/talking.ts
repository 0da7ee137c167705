import type { Call } from '../harness/caller/call.ts';
import { eventually } from '../harness/eventually.ts';
import type { Service } from '../harness/yard/service.ts';
import type { Yard } from '../harness/yard/yard.ts';
import { aftermath } from './aftermath.ts';
import type { Aftermath } from './aftermath.ts';

const attempts = 3;

/**
 * Says a line once the greeting is over, and again when nothing comes of it within ten seconds, as
 * people do: cores that are too busy garble the sound on its way.
 */
export async function sayUntil(call: Call, line: string, holds: () => boolean): Promise<void> {
  await call.waitFor('agent-audio-end');
  for (let attempt = 1; ; attempt += 1) {
    await call.say(line);
    try {
      return await eventually(`somebody reacts to: ${line}`, holds);
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}

/** Phones, asks one question that a tool answers, hears the answer, and hangs up. */
export async function askOnce(
  { yard, service }: { readonly yard: Yard; readonly service: Service },
  question: string,
): Promise<Aftermath & { readonly answer: string }> {
  await yard.teach([question]);
  const call = await yard.call();
  const used = () => service.callLines(call.callId).some(({ event }) => event === 'tool.used');
  await sayUntil(call, question, used);
  const { atMs } = call.events.findLast(({ type }) => type === 'said') ?? { atMs: 0 };
  await call.waitFor('agent-audio-end', (event) => event.atMs > atMs + 1_000);
  await call.hangUp();
  const answer = yard.of(call, yard.spoken).map(({ text }) => text.trim());
  return { ...(await aftermath({ yard, service }, call)), answer: answer.join(' ') };
}
