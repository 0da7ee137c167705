import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { html } from '../../../agent/desk/html.ts';

test('what is put into a template is text, in an element and in an attribute', () => {
  const hostile = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;`;
  assert.equal(
    html`<p title="${hostile}">${hostile}</p>`.toString(),
    `<p title="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&#39;alert(2)&#39;&gt;&amp;amp;">&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&#39;alert(2)&#39;&gt;&amp;amp;</p>`,
  );
});

test('markup that a template made stands as it is, and in lists', () => {
  const items = ['a', '<b>'].map((text) => html`<i>${text}</i>`);
  assert.equal(html`<p>${items}</p>`.toString(), '<p><i>a</i><i>&lt;b&gt;</i></p>');
});

test('nothing is left by null, undefined and false, and 0 is a number', () => {
  assert.equal(html`${null}${undefined}${false}${0}`.toString(), '0');
});

test('no text opens an element, ends an attribute or turns the writing round', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const drawn = html`${text}`.toString();
      assert.doesNotMatch(drawn, /[<>"'\u202a-\u202e\u2066-\u2069]/u);
    }),
    { numRuns: 200 },
  );
});
