import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { safePhone, safeText } from '../../../../tools/sheet/write/safe-cell.ts';
import { dialableNumber } from '../../../../tools/yard/phone.ts';

const written: Record<string, string> = {
  '+13125550142': '(312) 555-0142',
  '+13125550142;ext=12': '(312) 555-0142 ext. 12',
  '+442079460018': '(+44) 20 7946 0018',
  '+442079460018;ext=7': '(+44) 20 7946 0018 ext. 7',
  '+919876543210': '(+91) 98765 43210',
  '+9991234567': '(+9991234567)',
  '02079460018': '02079460018',
  '': '',
};
for (const [number, cell] of Object.entries(written)) {
  test(`${number || 'no number'} is written as ${cell || 'nothing'}`, () => {
    assert.equal(safePhone(number), cell);
  });
}

test('a number is the same when it is read back from its cell, and the cell is no formula', () => {
  const country = fc.constantFrom('+1312', '+4420', '+4930', '+6140', '+9198', '+3531');
  fc.assert(
    fc.property(country, fc.stringMatching(/^[2-9]\d{5,7}$/), (start, rest) => {
      const number = dialableNumber(`${start}${rest}`);
      if (number === null) return;
      const cell = safePhone(number);
      assert.equal(safeText(cell), cell);
      assert.doesNotMatch(cell, /'/);
      assert.equal(dialableNumber(cell), number);
    }),
  );
});
