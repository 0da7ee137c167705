import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import type { TrustedProxies } from '../infra/trusted-proxies.ts';

/** The header in which the supervisor tells the desk whose connection it passes on. */
export const peerHeader = 'x-pickup-peer';

/**
 * The address that a request came from: the connection's, or what trusted proxies say of it, read
 * from the nearest one back. An IPv6 client is its network of 64 bits, which one customer has whole.
 */
export function clientOf(headers: IncomingHttpHeaders, trusted: TrustedProxies): string {
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  const hops = [...forwarded, String(headers[peerHeader] ?? '')]
    .map((hop) => plain(hop.trim()))
    .filter((hop) => hop !== '');
  for (let at = hops.length - 1; at > 0; at -= 1) {
    const hop = hops[at] ?? '';
    const family = familyOf(hop);
    if (!family) return 'unknown';
    if (!trusted.check(hop, family)) return network(hop);
  }
  return network(hops[0] ?? 'unknown');
}

/**
 * True when a page of this very site sent the request: browsers say so in headers that no script of
 * another site can set. A request with neither header is no browser's, and is refused.
 */
export function isSameOrigin(headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  if (origin === undefined) return site !== undefined;
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase();
}

/** An IPv4 address as a socket for both families has it. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  const version = isIP(address);
  return version === 0 ? null : version === 6 ? 'ipv6' : 'ipv4';
}

function network(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}
