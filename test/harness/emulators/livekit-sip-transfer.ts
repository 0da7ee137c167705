import timers from 'node:timers/promises';
import { z } from 'zod';
import { TwirpFailure, type TwirpCode } from './twirp.ts';

/** What becomes of a transfer: who it goes to takes it, refuses it, or lets it ring. */
export type TransferOutcome =
  | { readonly do: 'accept'; readonly afterMs?: number }
  | { readonly do: 'refuse'; readonly sipStatus: number; readonly sipReason: string }
  | { readonly do: 'unanswered' };

/** A transfer that was asked for. `transferTo` is as the gateway puts it into the REFER. */
export type Transfer = {
  readonly room: string;
  readonly identity: string;
  readonly callId: string;
  readonly transferTo: string;
  readonly playDialtone: boolean;
  readonly ringingTimeoutMs: number;
};

/** How long the server waits for an answer when the request does not say (livekit-server sip.go). */
const DEFAULT_RINGING_MS = 30_000;

const requestSchema = z.object({
  participantIdentity: z.string().default(''),
  roomName: z.string().default(''),
  transferTo: z.string().default(''),
  playDialtone: z.boolean().default(false),
  headers: z.record(z.string(), z.string()).default({}),
  ringingTimeout: z
    .string()
    .regex(/^\d+(\.\d+)?s$/)
    .optional(),
});

/** The gateway's part in transfers: what is asked of it, and what comes of that. */
export class TransferDesk {
  static readonly fields = [
    'participantIdentity',
    'roomName',
    'transferTo',
    'playDialtone',
    'headers',
    'ringingTimeout',
  ] as const;

  /** All that were asked for and well-formed, oldest first. */
  readonly log: Transfer[] = [];
  /** What comes of the next ones. */
  outcome: TransferOutcome = { do: 'accept' };
  /** Called when one is accepted: the gateway then sends BYE to the caller, who leaves the room. */
  onAccepted: (transfer: Transfer) => void | Promise<void> = () => {};

  /** @throws {TwirpFailure} for what livekit-server refuses before it asks the gateway. */
  parse(request: unknown): Omit<Transfer, 'callId'> {
    const parsed = requestSchema.safeParse(request);
    if (!parsed.success) {
      throw new TwirpFailure('malformed', 'the json request could not be decoded');
    }
    const { roomName, participantIdentity, transferTo, playDialtone, ringingTimeout } = parsed.data;
    if (roomName === '') throw invalid('Missing room name');
    if (participantIdentity === '') throw invalid('Missing participant identity');
    return {
      room: roomName,
      identity: participantIdentity,
      transferTo: referTo(transferTo),
      playDialtone,
      ringingTimeoutMs:
        ringingTimeout === undefined
          ? DEFAULT_RINGING_MS
          : Math.round(Number.parseFloat(ringingTimeout) * 1_000),
    };
  }

  /** @throws {TwirpFailure} when nobody takes the call; it then goes on as before. */
  async transfer(transfer: Transfer, signal: AbortSignal): Promise<void> {
    this.log.push(transfer);
    const { outcome } = this;
    switch (outcome.do) {
      case 'accept':
        await timers.setTimeout(outcome.afterMs ?? 0, undefined, { signal });
        await this.onAccepted(transfer);
        return;
      case 'refuse':
        throw sipFailure(outcome.sipStatus, outcome.sipReason);
      case 'unanswered':
        await timers.setTimeout(transfer.ringingTimeoutMs, undefined, { signal });
        throw new TwirpFailure('deadline_exceeded', 'context deadline exceeded');
    }
  }
}

function referTo(text: string): string {
  if (text === '') throw invalid('missing transfer to');
  const uri = /^<.*>$/.test(text) ? text.slice(1, -1) : text;
  if (/^sips?:/.test(uri)) return `<${uri}>`;
  if (uri.startsWith('tel:')) return uri;
  throw invalid('transfer_to must be a valid SIP(s) or TEL URI (sip:, sips: or tel:)');
}

/** A SIP refusal as livekit/protocol 1.48.2 maps it (livekit/sip.go, sipCodeToGRPCCode). */
function sipFailure(status: number, reason: string): TwirpFailure {
  return new TwirpFailure(twirpCodeOf(status), `sip status ${status}: ${reason}`, {
    sip_status_code: String(status),
    sip_status: reason,
  });
}

function twirpCodeOf(status: number): TwirpCode {
  if (status === 401 || status === 402 || status === 403) return 'permission_denied';
  if (status === 404 || status === 410 || status === 604) return 'not_found';
  if (status === 408 || status === 504) return 'deadline_exceeded';
  if (status === 480 || status === 486 || status === 600) return 'resource_exhausted';
  if (status === 603 || status === 607 || status === 608) return 'permission_denied';
  return status >= 500 && status < 600 ? 'failed_precondition' : 'invalid_argument';
}

function invalid(message: string): TwirpFailure {
  return new TwirpFailure('invalid_argument', message);
}
