import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { drawStories } from '../../faults/survival-story.ts';
import { todayIn } from '../../../tools/yard/rental-dates.ts';
import type { ChatMessage } from './openai-request.ts';
import { receptionistReply } from './receptionist-rules.ts';

const today = todayIn('America/Chicago', { nowMs: () => Date.now() });
const system: ChatMessage = { role: 'system', content: `Today is some day (${today}).` };
const user = (content: string): ChatMessage => ({ role: 'user', content });
const agent = (content: string): ChatMessage => ({ role: 'assistant', content });
const seeds = Array.from({ length: 40 }, (_, seed) => seed);

function answerTo(...messages: ChatMessage[]): string {
  const reply = receptionistReply([system, ...messages], []);
  assert.ok('content' in reply, 'it answers in words');
  return reply.content;
}

describe('a caller who asks what was said before', () => {
  test('is told the machine, the days and the name when the messages have them', () => {
    for (const seed of seeds) {
      for (const { tell, recall } of drawStories(seed, 2)) {
        const words = answerTo(user(tell.say), agent('It is free.'), user(recall.say));
        assert.match(words, recall.hears);
      }
    }
  });

  test('is told the same after other questions and an unfinished sentence', () => {
    for (const seed of seeds) {
      const [{ tell, recall } = assert.fail()] = drawStories(seed, 1);
      const before = [user(tell.say), agent('It is'), user('Do you deliver?'), agent('We do.')];
      assert.match(answerTo(...before, user(recall.say)), recall.hears);
    }
  });

  test('is told that nothing is known when the messages were lost', () => {
    for (const seed of seeds) {
      const [{ recall } = assert.fail()] = drawStories(seed, 1);
      assert.doesNotMatch(answerTo(user(recall.say)), recall.hears);
      const others = [agent("Sorry about that, I'm still here."), user(recall.say)];
      assert.doesNotMatch(answerTo(...others), recall.hears);
    }
  });

  test("is not told of another caller's story", () => {
    for (const seed of seeds) {
      const [{ tell } = assert.fail(), { recall } = assert.fail()] = drawStories(seed, 2);
      assert.doesNotMatch(
        answerTo(user(tell.say), agent('It is free.'), user(recall.say)),
        recall.hears,
      );
    }
  });
});
