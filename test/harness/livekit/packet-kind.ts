/** What a datagram on a WebRTC port is. */
export type PacketKind = 'rtp' | 'rtcp' | 'stun' | 'dtls' | 'other';

/** Tells by the first bytes (RFC 7983 section 7; RTP from RTCP by RFC 5761 section 4). */
export function packetKind(packet: Uint8Array): PacketKind {
  const [first = 255, second = 0] = packet;
  if (first <= 3) return 'stun';
  if (first >= 20 && first <= 63) return 'dtls';
  if (first >= 128 && first <= 191) return second >= 192 && second <= 223 ? 'rtcp' : 'rtp';
  return 'other';
}
