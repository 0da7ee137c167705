import { z } from 'zod';
import { DeadlineError, withDeadline } from '../infra/deadline.ts';

/** A check's result. `fail` keeps calls from being answered well; `warn` will, or may. */
export type Finding = {
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly advice: string | null;
};

/** One thing to look at. `signal` aborts when its time is over. */
export type Check = {
  readonly name: string;
  /** The setting that says where the thing is, for advice when nothing answers there. */
  readonly address?: string;
  run(signal: AbortSignal): Promise<Finding> | Finding;
};

/** All is well; nothing to do. */
export function ok(detail: string): Finding {
  return { status: 'ok', detail, advice: null };
}

/** Works now, and will or may not later. */
export function warn(detail: string, advice: string): Finding {
  return { status: 'warn', detail, advice };
}

/** A check that does not work. */
export function fail(detail: string, advice: string): Finding {
  return { status: 'fail', detail, advice };
}

/** Runs a check within `ms`; one that throws or takes longer has that as its finding. */
export async function findingOf(check: Check, ms: number): Promise<Finding> {
  try {
    return await withDeadline(async (signal) => check.run(signal), { ms, label: check.name });
  } catch (error) {
    return findingOfError(error, check.address);
  }
}

/** The finding of a check that threw: no answer in time, no connection, or something unreadable. */
export function findingOfError(error: unknown, address: string | undefined): Finding {
  const advice = `Check ${address ? `${address} and ` : ''}the network, then try again`;
  if (error instanceof DeadlineError) return fail(`no answer within ${error.ms} ms`, advice);
  const code = codeOf(error);
  if (code !== undefined) return fail(`cannot be reached (${code})`, advice);
  // Messages of foreign errors may quote what was answered, so only the kind is shown.
  const kind = error instanceof Error ? error.name : typeof error;
  return fail(`answered with something unreadable (${kind})`, advice);
}

const withCode = z.object({ code: z.string() });
const withCause = z.object({ cause: z.unknown() });

/** Node's code for a connection that failed; `fetch` puts it into the error's cause. */
function codeOf(error: unknown): string | undefined {
  const own = withCode.safeParse(error);
  if (own.success) return own.data.code;
  const outer = withCause.safeParse(error);
  return outer.success && outer.data.cause ? codeOf(outer.data.cause) : undefined;
}
