import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientOf, isSameOrigin, peerHeader } from '../../../agent/desk/request-origin.ts';
import { trustedProxies } from '../../../agent/infra/trusted-proxies.ts';

const none = trustedProxies('');
const edge = trustedProxies('10.0.0.0/8, fd00::/8');

test('without a trusted proxy the client is the connection, whatever it says', () => {
  const headers = { 'x-forwarded-for': '203.0.113.9', [peerHeader]: '::ffff:198.51.100.7' };
  assert.equal(clientOf(headers, none), '198.51.100.7');
});

test('a trusted proxy says whom it passes on, and what that one claims is not believed', () => {
  const headers = { 'x-forwarded-for': '1.2.3.4, 203.0.113.9', [peerHeader]: '10.1.1.1' };
  assert.equal(clientOf(headers, edge), '203.0.113.9');
});

test('several trusted proxies in a row are passed by', () => {
  const headers = { 'x-forwarded-for': '203.0.113.9, 10.2.2.2, fd00::1', [peerHeader]: '10.1.1.1' };
  assert.equal(clientOf(headers, edge), '203.0.113.9');
});

test('an address that is none is nobody in particular', () => {
  const headers = { 'x-forwarded-for': '203.0.113.9, junk', [peerHeader]: '10.1.1.1' };
  assert.equal(clientOf(headers, edge), 'unknown');
});

test('the addresses of one IPv6 network are one client', () => {
  const of = (address: string) => clientOf({ [peerHeader]: address }, none);
  assert.equal(of('2001:db8:1:2::5'), of('2001:db8:1:2:ffff:1:2:3'));
  assert.notEqual(of('2001:db8:1:2::5'), of('2001:db8:1:3::5'));
});

test('a list of proxies that cannot be read is refused by the part that is wrong', () => {
  for (const text of ['10.0.0.0/33', 'proxy.example', '10.0.0.0/8,x']) {
    assert.throws(() => trustedProxies(text), RangeError, text);
  }
});

test('a form is taken from the page itself alone', () => {
  const host = 'desk.example.com';
  assert.ok(isSameOrigin({ host, origin: `https://${host}`, 'sec-fetch-site': 'same-origin' }));
  assert.ok(isSameOrigin({ host, origin: `https://${host}` }), 'a browser without the new header');
  const wrong = [
    { host },
    { host, origin: 'null' },
    { host, origin: 'https://evil.example' },
    { host, origin: `https://${host}.evil.example` },
    { host, origin: `https://${host}`, 'sec-fetch-site': 'cross-site' },
    { host, origin: `https://${host}`, 'sec-fetch-site': 'same-site' },
    { host, 'sec-fetch-site': 'none' },
  ];
  for (const headers of wrong) assert.equal(isSameOrigin(headers), false, JSON.stringify(headers));
});
