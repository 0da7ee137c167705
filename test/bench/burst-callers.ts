/** Many callers in one process, so that they leave the processors to whom they phone. */
import { runScript } from '../harness/caller/script-runner.ts';
import { Phone } from '../harness/caller/phone.ts';
import type { CallEvent, CallOrder } from '../harness/caller/call-events.ts';

/** Has one of the callers phone. */
export type BurstOrder = { readonly nth: number; readonly order: CallOrder };
/** Tells what happened to one of them; null when their call is over, or could not be placed. */
export type BurstEvent = { readonly nth: number; readonly event: CallEvent | null };

async function phone({ nth, order }: BurstOrder): Promise<void> {
  const tell = (event: BurstEvent['event']) => void process.send?.({ nth, event });
  const caller = new Phone({ order, emit: tell });
  const over = new Promise((resolve) => caller.over.addEventListener('abort', resolve));
  try {
    await caller.ring();
    const giveUp = () => void caller.hangUp('timeout');
    const ringing = setTimeout(() => {
      if (caller.answeredMs === undefined) giveUp();
    }, order.ringTimeoutMs);
    const longest = setTimeout(giveUp, order.maxCallMs);
    const { script: steps, lines, agentQuietMs } = order;
    await runScript({ steps, lines, phone: caller, agentQuietMs });
    await over;
    clearTimeout(ringing);
    clearTimeout(longest);
    // Its recording is whole by then.
    await caller.hangUp('caller');
  } finally {
    tell(null);
  }
}

process.on('message', (order: BurstOrder) => {
  phone(order).catch((error: unknown) => process.stderr.write(`caller: ${String(error)}\n`));
});
// What is native in rtc-node would keep the process alive.
process.on('disconnect', () => process.exit(0));
