import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packetKind } from './packet-kind.ts';

test('the first bytes tell what a packet is', () => {
  assert.equal(packetKind(Uint8Array.of(0x00, 0x01)), 'stun');
  assert.equal(packetKind(Uint8Array.of(22, 0xfe)), 'dtls');
  assert.equal(packetKind(Uint8Array.of(0x80, 111)), 'rtp');
  assert.equal(packetKind(Uint8Array.of(0x90, 0x80 | 111)), 'rtp');
  assert.equal(packetKind(Uint8Array.of(0x80, 200)), 'rtcp');
  assert.equal(packetKind(Uint8Array.of(0x8f, 206)), 'rtcp');
  assert.equal(packetKind(Uint8Array.of(64, 0)), 'other');
  assert.equal(packetKind(Uint8Array.of()), 'other');
});
