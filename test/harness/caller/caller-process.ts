/** One caller as a process of its own, told what to do over IPC by `caller.ts`, which forks it. */
import { rmSync } from 'node:fs';
import { Phone } from './phone.ts';
import type { CallCommand, CallMessage, CallOrder } from './call-events.ts';
import { runScript } from './script-runner.ts';

let phone: Phone | undefined;
let folder: string | undefined;

function tell(message: CallMessage): void {
  // The channel may be closed already; then nobody listens any more.
  if (process.connected) process.send?.(message);
}

async function placeCall(order: CallOrder): Promise<void> {
  folder = order.folder;
  phone = new Phone({ order, emit: (event) => tell({ event }) });
  await phone.ring();
  const { ringTimeoutMs, maxCallMs, agentQuietMs, script: steps, lines } = order;
  const ringing = setTimeout(() => {
    if (phone?.answeredMs === undefined) void phone?.hangUp('timeout');
  }, ringTimeoutMs);
  const longest = setTimeout(() => void phone?.hangUp('timeout'), maxCallMs);
  const over = new Promise((resolve) => phone?.over.addEventListener('abort', resolve));
  await runScript({ steps, lines, phone, agentQuietMs });
  await over;
  clearTimeout(ringing);
  clearTimeout(longest);
}

async function obey(command: CallCommand): Promise<void> {
  switch (command.do) {
    case 'place':
      return placeCall(command.order);
    case 'say':
      return phone?.say(command.spoken);
    case 'dtmf':
      return phone?.pressKey(command.digit);
    case 'stop-packets':
      return phone?.stopPackets();
    case 'resume-packets':
      return phone?.resumePackets();
    case 'hang-up':
      return phone?.hangUp('caller');
    default:
      command satisfies never;
  }
}

function fail(error: unknown): void {
  // A command that the end of the call overtook is no fault.
  if (phone?.over.aborted) return;
  tell({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

process.on('message', (command: CallCommand) => void obey(command).catch(fail));
process.on('unhandledRejection', fail);
// The parent closes the channel when it has all it wants; a parent that dies closes it too, and will
// not clear up. What is native in rtc-node would keep the process alive.
process.on('disconnect', () => {
  if (folder && !phone?.over.aborted) rmSync(folder, { recursive: true, force: true });
  process.exit(0);
});
