import { createReadStream } from 'node:fs';
import type { FastifyReply } from 'fastify';
import type { Recording } from '../infra/recordings.ts';

/** Sends a recording, or the part of it that a player asks for (RFC 9110, one range). */
export function play(reply: FastifyReply, { file, bytes }: Recording, range: string | undefined) {
  void reply.type('audio/wav').header('accept-ranges', 'bytes');
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === '' && last === '') {
    return reply.header('content-length', bytes).send(createReadStream(file, { end: bytes - 1 }));
  }
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (start > end) return reply.code(416).header('content-range', `bytes */${bytes}`).send();
  return reply
    .code(206)
    .header('content-range', `bytes ${start}-${end}/${bytes}`)
    .header('content-length', end - start + 1)
    .send(createReadStream(file, { start, end }));
}
