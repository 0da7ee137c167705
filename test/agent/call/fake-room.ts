import { EventEmitter } from 'node:events';
import { ConnectionState, ParticipantKind, RoomEvent } from '@livekit/rtc-node';
import type { DisconnectReason, Room } from '@livekit/rtc-node';

type FakeParticipant = {
  readonly identity: string;
  readonly info: { readonly kind: ParticipantKind };
  readonly attributes: Record<string, string>;
  disconnectReason: DisconnectReason | undefined;
};

/** A room with one caller of the gateway in it, as far as the call watches it. */
export class FakeRoom extends EventEmitter {
  readonly remoteParticipants = new Map<string, FakeParticipant>();
  connectionState = ConnectionState.CONN_CONNECTED;
  readonly caller: FakeParticipant = {
    identity: 'sip_+15550111',
    info: { kind: ParticipantKind.SIP },
    attributes: { 'sip.callStatus': 'ringing' },
    disconnectReason: undefined,
  };

  constructor() {
    super();
    this.remoteParticipants.set(this.caller.identity, this.caller);
  }

  get asRoom(): Room {
    return this as unknown as Room;
  }

  /** How many listeners it has, of all events. */
  get watchers(): number {
    return this.eventNames().reduce((total, name) => total + this.listenerCount(name), 0);
  }

  setStatus(status: string): void {
    this.caller.attributes['sip.callStatus'] = status;
    this.emit(RoomEvent.ParticipantAttributesChanged, { 'sip.callStatus': status }, this.caller);
  }

  leave(reason?: DisconnectReason): void {
    this.caller.disconnectReason = reason;
    this.remoteParticipants.delete(this.caller.identity);
    this.emit(RoomEvent.ParticipantDisconnected, this.caller);
  }

  rejoin(): void {
    this.remoteParticipants.set(this.caller.identity, this.caller);
    this.emit(RoomEvent.ParticipantConnected, this.caller);
  }
}
