import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spokenDays } from './spoken-dates.ts';
import { normaliseSpeech } from './spoken-words.ts';

const cases: [said: string, start: string | number | null, end?: string][] = [
  ['tomorrow', '2026-11-23', '2026-11-23'],
  ['next Tuesday', '2026-11-24', '2026-11-24'],
  ['from tuesday to thursday', '2026-11-24', '2026-11-26'],
  ['Tuesday through Thursday next week', '2026-11-24', '2026-11-26'],
  ['From the 3rd to the 5th of December', '2026-12-03', '2026-12-05'],
  ['december third through fifth', '2026-12-03', '2026-12-05'],
  ['the twenty fourth until the twenty sixth', '2026-11-24', '2026-11-26'],
  ['Nov 24 to 26', '2026-11-24', '2026-11-26'],
  ['for three days from Monday', '2026-11-23', '2026-11-25'],
  ['for a week starting December 1', '2026-12-01', '2026-12-07'],
  ['tommorow until fryday', '2026-11-23', '2026-11-27'],
  ['Friday to Monday', '2026-11-27', '2026-11-30'],
  ['on Tuesday the 24th', '2026-11-24', '2026-11-24'],
  ['from the 30th of november to the 2nd of december', '2026-11-30', '2026-12-02'],
  ['december 31 to january 2', '2026-12-31', '2027-01-02'],
  ['monday, no sorry, wednesday', '2026-11-25', '2026-11-25'],
  ['in two weeks for a couple of days', '2026-12-06', '2026-12-07'],
  ['next weekend', '2026-11-28', '2026-11-29'],
  ['12/3 to 12/5', '2026-12-03', '2026-12-05'],
  ['for two days', 2],
  ['for the whole week', 7],
  ['how much is it a day', null],
  ['do you have one', null],
];

for (const [said, start, end] of cases) {
  test(`on a Sunday, 22 November: ${said}`, () => {
    const expected =
      start === null ? null : typeof start === 'number' ? { days: start } : { start, end };
    assert.deepEqual(spokenDays(normaliseSpeech(said), '2026-11-22'), expected);
  });
}

test('a week that is named for one end holds for the other', () => {
  const days = spokenDays('tuesday to thursday next week', '2026-11-23');
  assert.deepEqual(days, { start: '2026-12-01', end: '2026-12-03' });
});
