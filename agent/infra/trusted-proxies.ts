import { BlockList, isIP } from 'node:net';

/** The proxies whose word on a client's address is believed. */
export type TrustedProxies = Pick<BlockList, 'check'>;

/**
 * Reads addresses and ranges (`10.0.0.0/8`), parted by commas.
 * @throws {RangeError} naming the first that is neither.
 */
export function trustedProxies(text: string): TrustedProxies {
  const list = new BlockList();
  for (const part of text.split(',').map((each) => each.trim())) {
    if (part === '') continue;
    const [address = '', bits] = part.split('/');
    const version = isIP(address);
    const family = version === 6 ? 'ipv6' : 'ipv4';
    const most = family === 'ipv6' ? 128 : 32;
    const length = bits === undefined ? most : Number(bits);
    if (version === 0 || !/^\d{0,3}$/.test(bits ?? '') || length > most) {
      throw new RangeError(`${part} is no address and no range of addresses`);
    }
    list.addSubnet(address, length, family);
  }
  return list;
}
