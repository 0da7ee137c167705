import { z } from 'zod';
import { terminationReasons } from '../ipc/termination.ts';
import { resumeKinds } from '../ipc/client.ts';
import type { LogFields } from '../infra/log.ts';

/** Every tool by name: what a metric may be labelled with. */
export const toolNames = [
  'find_equipment',
  'quote_rental',
  'book_equipment',
  'find_booking',
  'cancel_booking',
  'take_message',
  'transfer_to_human',
  'end_call',
] as const;

/** What may fail: how a call hears, thinks and speaks. */
export const senses = ['hearing', 'thinking', 'speaking'] as const;

/** What brought packets back, or was to; `none` when that was not a step's doing. */
export const gapSteps = ['ask', 'resubscribe', 'rejoin', 'none'] as const;

/** What came of a step. */
export const gapOutcomes = ['tried', 'failed', 'recovered', 'gave-up'] as const;

/** How far a booking came. */
export const bookingOutcomes = ['committed', 'confirmed', 'conflict', 'cancelled'] as const;

const ms = z.number().nonnegative();
const resume = z.enum(resumeKinds);

const callMetric = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('answered'), ringMs: ms }),
  z.object({ kind: z.literal('first-word'), sinceAnswerMs: ms }),
  z.object({ kind: z.literal('turn'), latencyMs: ms }),
  z.object({ kind: z.literal('ended'), reason: z.enum(terminationReasons) }),
  z.object({ kind: z.literal('tool'), tool: z.enum(toolNames), ok: z.boolean() }),
  z.object({ kind: z.literal('provider-failed'), sense: z.enum(senses) }),
  z.object({ kind: z.literal('gap'), step: z.enum(gapSteps), outcome: z.enum(gapOutcomes) }),
  z.object({ kind: z.literal('booking'), outcome: z.enum(bookingOutcomes) }),
  z.object({ kind: z.literal('handover-due') }),
  z.object({ kind: z.literal('handed-over'), resume }),
  z.object({ kind: z.literal('handover-failed'), resume }),
  z.object({ kind: z.literal('resumed'), resume }),
]);

/** One thing of a call that is counted or timed. It names no call and no person. */
export type CallMetric = z.infer<typeof callMetric>;

/** Null for what this release does not know: a job of another one may send it. */
export function readCallMetric(value: unknown): CallMetric | null {
  const read = callMetric.safeParse(value);
  return read.success ? read.data : null;
}

/** What a line of the log counts as, or null: so that log and metric cannot disagree. */
export function metricOf(fields: LogFields): CallMetric | null {
  const candidate = candidateOf(fields);
  return candidate && readCallMetric(candidate);
}

function candidateOf(fields: LogFields): object | null {
  switch (fields.event) {
    case 'call.answered':
      return { kind: 'answered', ringMs: fields['ringMs'] };
    case 'call.closed':
      return { kind: 'first-word', sinceAnswerMs: fields['answerToFirstWordMs'] };
    case 'turn.completed':
      return { kind: 'turn', latencyMs: fields['latencyMs'] };
    case 'call.ended':
      return { kind: 'ended', reason: fields['reason'] };
    case 'tool.used':
      return { kind: 'tool', tool: fields['tool'], ok: fields['ok'] };
    case 'provider.failed':
      return { kind: 'provider-failed', sense: fields['sense'] };
    case 'gap.step':
      return {
        kind: 'gap',
        step: fields['step'],
        outcome: fields['error'] === undefined ? 'tried' : 'failed',
      };
    case 'gap.recovered':
      return { kind: 'gap', step: fields['step'] ?? 'none', outcome: 'recovered' };
    case 'gap.gave-up':
      // Said again when the polite end fails.
      return fields['why'] === 'end-failed' ? null : gaveUp;
    case 'booking.committed':
    case 'booking.confirmed':
    case 'booking.conflict':
    case 'booking.cancelled':
      return { kind: 'booking', outcome: fields.event.slice('booking.'.length) };
    case 'handover.due':
      return { kind: 'handover-due' };
    case 'job.handed-over':
      return { kind: 'handed-over', resume: fields['kind'] };
    case 'handover.failed':
      return { kind: 'handover-failed', resume: fields['kind'] };
    case 'job.resumed':
      return { kind: 'resumed', resume: fields['kind'] };
    default:
      return null;
  }
}

const gaveUp = { kind: 'gap', step: 'none', outcome: 'gave-up' };
