import type { SIPInboundTrunkInfo } from 'livekit-server-sdk';
import { z } from 'zod';
import { TwirpFailure } from './twirp.ts';

/** Any JSON, as the SDK's messages take and give it. */
export type Json = Parameters<typeof SIPInboundTrunkInfo.fromJson>[0];

/** A JSON object. */
export type Fields = Readonly<Record<string, Json>>;

/** The message types of the SDK agree in this. */
type MessageType<T> = { fromJson(json: Json): T };

const jsonSchema: z.ZodType<Json> = z.json();
const objectSchema = z.record(z.string(), jsonSchema);

/** The body of a request. @throws {TwirpFailure} `malformed`. */
export function parseRequest(body: string): Fields {
  try {
    return objectSchema.parse(JSON.parse(body));
  } catch {
    throw malformed();
  }
}

/** The request's fields by their camelCase names; JSON for protobuf may use snake_case as well. */
export function fields<Name extends string>(
  request: Fields,
  known: readonly Name[],
): { readonly [K in Name]?: Json } {
  const found: { [K in Name]?: Json } = {};
  for (const [key, value] of Object.entries(request)) {
    const camel = key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const name = known.find((candidate) => candidate === camel);
    if (name === undefined) throw malformed(`unknown field "${key}"`);
    found[name] = value;
  }
  return found;
}

/** Reads a message, refusing fields it does not have. @throws {TwirpFailure} `malformed`. */
export function parseMessage<T>(type: MessageType<T>, json: Json): T {
  try {
    return type.fromJson(json);
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : '');
  }
}

/** The message after an update: replaced as a whole, or changed in the fields that were sent. */
export function changed<T extends { toJson(): Json }>(
  type: MessageType<T>,
  current: T,
  action: {
    readonly replace: Json | undefined;
    readonly update: Json | undefined;
    readonly known: readonly string[];
  },
): T {
  if (action.replace !== undefined) return parseMessage(type, action.replace);
  const changes = objectSchema.safeParse(action.update);
  if (!changes.success) throw invalid('missing or unsupported update action');
  const next = { ...objectSchema.parse(current.toJson()) };
  for (const [name, value] of Object.entries(fields(changes.data, action.known))) {
    if (value !== undefined) next[name] = changedField(name, next[name], value);
  }
  return parseMessage(type, next);
}

const LISTS = ['numbers', 'allowedAddresses', 'allowedNumbers', 'trunkIds'];

function changedField(name: string, current: Json | undefined, change: Json): Json {
  if (LISTS.includes(name)) return changedList(strings(current), change);
  if (name !== 'attributes') return change;
  // An attribute that is set to nothing is taken away.
  const merged = { ...objectSchema.parse(current ?? {}), ...objectSchema.parse(change) };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''));
}

function changedList(list: readonly string[], change: Json): string[] {
  const parsed = listUpdateSchema.safeParse(change);
  if (!parsed.success) throw invalid('unsupported list update operation');
  const { set, add, remove, clear } = parsed.data;
  const changes = set.length + add.length + remove.length;
  if (clear && changes > 0) throw invalid('cannot clear and change the list at the same time');
  if (clear) return [];
  if (changes === 0) throw invalid('unsupported list update operation');
  if (set.length === changes) return set;
  if (set.length > 0) throw invalid('cannot set and change the list at the same time');
  return [...new Set([...list.filter((item) => !remove.includes(item)), ...add])];
}

/** A list of strings, empty when left out. @throws {TwirpFailure} `malformed`. */
export function strings(json: Json | undefined): readonly string[] {
  const parsed = z.array(z.string()).safeParse(json ?? []);
  if (!parsed.success) throw malformed();
  return parsed.data;
}

/** A string, empty when left out. @throws {TwirpFailure} `malformed`. */
export function text(json: Json | undefined): string {
  if (json !== undefined && typeof json !== 'string') throw malformed();
  return json ?? '';
}

const listUpdateSchema = z.strictObject({
  set: z.array(z.string().min(1)).default([]),
  add: z.array(z.string().min(1)).default([]),
  remove: z.array(z.string().min(1)).default([]),
  clear: z.boolean().default(false),
});

const pageSchema = z.object({ afterId: z.string().default(''), limit: z.int().default(0) });

/** One page of a list in the order of its ids; the whole list when no page was asked for. */
export function paged<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  page: Json | undefined,
): T[] {
  const { afterId, limit } = pageSchema.parse(page ?? {});
  const after = items
    .filter((item) => idOf(item) > afterId)
    .toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  return limit > 0 ? after.slice(0, limit) : after;
}

/** Snake case and no field left out: how Twirp's Go server writes JSON. */
export function toWire(message: {
  toJson(options: { useProtoFieldName: boolean; emitDefaultValues: boolean }): Json;
}): object {
  const json = message.toJson({ useProtoFieldName: true, emitDefaultValues: true });
  return objectSchema.parse(json);
}

/** @returns the refusal of a request that says something impossible. */
export function invalid(message: string): TwirpFailure {
  return new TwirpFailure('invalid_argument', message);
}

function malformed(why = ''): TwirpFailure {
  const message = 'the json request could not be decoded';
  return new TwirpFailure('malformed', why === '' ? message : `${message}: ${why}`);
}
