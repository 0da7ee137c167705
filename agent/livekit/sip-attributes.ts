import { sentNumber } from '../../tools/yard/phone.ts';

/** Attributes of a participant, or those of them that changed. */
export type Attributes = Readonly<Record<string, string>>;

/** A caller as the gateway (livekit/sip) describes it by the attributes of its participant. */
export type SipCaller = {
  /** The gateway's id of the call: the same in every job of it. */
  readonly callId: string | null;
  /** Null also for a placeholder (`anonymous`) and for a name. */
  readonly phoneNumber: string | null;
  /** The number that was called. */
  readonly trunkPhoneNumber: string | null;
  /**
   * `ringing` until an agent publishes its track, then `active`; `hangup` 3-5 ms before the
   * participant leaves, or 32 s before it. Other values exist (`dialing`, `automation`).
   */
  readonly callStatus: string | null;
  /** A call that we make ourselves: nothing real is booked in a `trial`. Null for a caller's. */
  readonly test: TestCall | null;
};

const testCalls = ['trial', 'real'] as const;

/** A call that tries the agent; in a `real` one bookings are bookings. */
export type TestCall = (typeof testCalls)[number];

/** Names the kind of test on a caller that we send ourselves. */
export const testAttribute = 'pickup.test';

/**
 * The gateway's words about a caller; null for what it did not say. A call from `testNumber` (E.164) is
 * one of ours that came back over a carrier.
 */
export function sipCaller(attributes: Attributes, testNumber?: string): SipCaller {
  // The user part of an address may be a name, whose digits are no number.
  const user = attributes['sip.phoneNumber'] ?? '';
  const phoneNumber = /^[\d\s+().-]+$/.test(user) ? sentNumber(user) : null;
  const isOurs = testNumber !== undefined && phoneNumber === testNumber;
  return {
    callId: attributes['sip.callID'] ?? null,
    phoneNumber,
    trunkPhoneNumber: attributes['sip.trunkPhoneNumber'] ?? null,
    callStatus: attributes['sip.callStatus'] ?? null,
    test: testCalls.find((kind) => kind === attributes[testAttribute]) ?? (isOurs ? 'trial' : null),
  };
}
