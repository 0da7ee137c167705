import { openStoreOf } from '../stack/aftermath.ts';
import type { Yard } from '../harness/yard/yard.ts';

/** What is wrong with the notes for call-back that a call has left: there must be exactly one. */
export async function wrongCallBacks(yard: Yard, callId: string): Promise<string[]> {
  await using store = await openStoreOf(yard);
  const notes = store.db.selectFrom('messages').select('code').where('callId', '=', callId);
  const { length } = await notes.execute();
  return length === 1 ? [] : [`${length} notes for call-back`];
}
