import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChatMessage, ChatTool } from './openai-request.ts';
import { receptionistReply } from './receptionist-rules.ts';

const system: ChatMessage = {
  role: 'system',
  content: [
    'You answer the phone for Ridge Rentals.',
    '- Opening hours: Monday to Friday, 7 a.m. to 5 p.m.',
    '- Address: 12 Quarry Road, Millfield.',
    '- Delivery: We deliver within thirty miles for $90 each way.',
    '- Deposit: A deposit is taken when you pick the machine up.',
    '- Identification: Bring a driver’s license.',
    'Today is Sunday, 22 November 2026 (2026-11-22).',
  ].join('\n'),
};
const tool = (name: string, properties: object, required: string[]): ChatTool => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties, required } },
});
const text = { type: 'string' };
const find = tool('find_equipment', { query: text, start: text, end: text }, ['query']);
const quote = tool('quote_rental', { itemId: text, start: text, end: text }, [
  'itemId',
  'start',
  'end',
]);
const endCall = tool('end_call', {}, []);
const tools = [find, quote, endCall];

const user = (content: string): ChatMessage => ({ role: 'user', content });
const agent = (content: string): ChatMessage => ({ role: 'assistant', content });
function used(name: string, output: unknown): ChatMessage[] {
  const call = {
    id: `call_${name}`,
    type: 'function' as const,
    function: { name, arguments: '{}' },
  };
  return [
    { role: 'assistant', tool_calls: [call] },
    { role: 'tool', tool_call_id: call.id, content: JSON.stringify(output) },
  ];
}
const reply = (...messages: ChatMessage[]) => receptionistReply([system, ...messages], tools);

const found = {
  say: 'Yes, a mini excavator is free then. It is $240 a day.',
  units: [
    { itemId: 'EX-01', name: 'Mini excavator 1.7 t', free: false },
    { itemId: 'EX-02', name: 'Mini excavator 2.5 t', free: true },
  ],
};
const afterFinding = (...words: string[]) => [
  user(words.join(' ')),
  ...used('find_equipment', found),
  agent(found.say),
];

/** In another order; the seed makes a failure repeatable. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  const keyed = items.map((item, i) => ({ item, key: ((i + seed) * 48_271) % 101 }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

describe('a caller who asks what is free', () => {
  const cases: [said: string, query: string, start?: string, end?: string][] = [
    [
      'Hi, do you have a mini excavator available from Tuesday to Thursday?',
      'mini excavator',
      '2026-11-24',
      '2026-11-26',
    ],
    [
      'hey uh you guys got any mini excavaters free tuesday through thursday',
      'mini excavator',
      '2026-11-24',
      '2026-11-26',
    ],
    [
      'I was wondering if I could rent a skid steer for three days from Monday',
      'skid steer',
      '2026-11-23',
      '2026-11-25',
    ],
    [
      'we need a scissor lift from the 3rd to the 5th of december',
      'scissor lift',
      '2026-12-03',
      '2026-12-05',
    ],
    [
      'looking for a 20 foot scissor lift december third through fifth',
      '20 foot scissor lift',
      '2026-12-03',
      '2026-12-05',
    ],
    ['is the trencher free tommorow', 'trencher', '2026-11-23', '2026-11-23'],
    ['any generators', 'generator'],
    [
      'can i get a plate compactor next tuesday for two days',
      'plate compactor',
      '2026-11-24',
      '2026-11-25',
    ],
    [
      'Would a towable boom lift be around this coming Friday until Monday?',
      'towable boom lift',
      '2026-11-27',
      '2026-11-30',
    ],
    [
      'do you rent light towers for a week starting december first',
      'light tower',
      '2026-12-01',
      '2026-12-07',
    ],
  ];
  for (const seed of [1, 2, 3]) {
    test(`is understood in whatever words and order (${seed})`, () => {
      for (const [said, query, start, end] of shuffled(cases, seed)) {
        const args = { query, ...(start ? { start, end } : {}) };
        assert.deepEqual(reply(user(said)), { tool: 'find_equipment', args }, said);
      }
    });
  }

  test('hears the sentence that the tool’s result carries', () => {
    const messages = [user('Do you have a mini excavator?'), ...used('find_equipment', found)];
    assert.deepEqual(reply(...messages), { content: found.say });
  });

  test('is asked for the machine when none was named, and goes on with the days', () => {
    const asked = reply(user('Hi, do you have something for tomorrow?'));
    assert.ok('content' in asked && asked.content.endsWith('?'));
    assert.deepEqual(
      reply(
        user('do you have something for tomorrow'),
        agent('What kind of machine?'),
        user('a dozer'),
      ),
      { tool: 'find_equipment', args: { query: 'dozer', start: '2026-11-23', end: '2026-11-23' } },
    );
  });

  test('can change the days and the machine later', () => {
    const before = afterFinding('do you have a mini excavator on tuesday');
    assert.deepEqual(reply(...before, user('And what about Friday?')), {
      tool: 'find_equipment',
      args: { query: 'mini excavator', start: '2026-11-27', end: '2026-11-27' },
    });
    assert.deepEqual(reply(...before, user('do you have a skid steer then')), {
      tool: 'find_equipment',
      args: { query: 'skid steer', start: '2026-11-24', end: '2026-11-24' },
    });
  });
});

describe('a caller who asks for the price', () => {
  const quoted = { itemId: 'EX-02', start: '2026-11-24', end: '2026-11-26' };

  test('gets a quote for the free unit that was found, in whatever words', () => {
    const before = afterFinding('have you got a mini excavator from tuesday to thursday');
    for (const said of shuffled(
      [
        'How much would that be?',
        "what's the price for those three days",
        'okay what would it cost me',
        'how much is it for those dates',
        'Great. Can you give me a quote?',
        'whats the damage... what would that come to',
      ],
      7,
    )) {
      assert.deepEqual(reply(...before, user(said)), { tool: 'quote_rental', args: quoted }, said);
    }
  });

  test('is asked for the days when they are not known, and then gets the quote', () => {
    const before = afterFinding('do you have a mini excavator');
    const asked = reply(...before, user('how much is it'));
    assert.ok('content' in asked);
    const answers = [
      ...before,
      user('how much is it'),
      agent(asked.content),
      user('tuesday to thursday'),
    ];
    assert.deepEqual(reply(...answers), { tool: 'quote_rental', args: quoted });
  });

  test('gets the machine found first, then its quote, in one turn', () => {
    const said = user('How much is a mini excavator from Tuesday to Thursday?');
    assert.deepEqual(reply(said), {
      tool: 'find_equipment',
      args: { query: 'mini excavator', start: '2026-11-24', end: '2026-11-26' },
    });
    assert.deepEqual(reply(said, ...used('find_equipment', found)), {
      tool: 'quote_rental',
      args: quoted,
    });
  });

  test('says yes to a quote that was offered', () => {
    const offer = agent('It is free then. Shall I work out the total price?');
    const before = [
      user('a mini excavator from tuesday to thursday'),
      ...used('find_equipment', found),
      offer,
    ];
    assert.deepEqual(reply(...before, user('Yes, please.')), {
      tool: 'quote_rental',
      args: quoted,
    });
  });
});

describe('a caller who is done', () => {
  test('ends the call, in whatever words, and nothing is said after it', () => {
    for (const said of shuffled(
      [
        "Thanks, that's all. Goodbye.",
        'ok thank you bye',
        'that is all i need thanks',
        'No thanks, have a good day',
        'nothing else',
        'thank you very much',
        'great thats everything talk to you later',
      ],
      11,
    )) {
      assert.deepEqual(
        reply(...afterFinding('a mini excavator'), user(said)),
        { tool: 'end_call', args: {} },
        said,
      );
    }
    assert.deepEqual(reply(user('bye'), ...used('end_call', null)), { content: '' });
  });

  test('is not cut off when the thanks come with a question', () => {
    const before = afterFinding('do you have a mini excavator from tuesday to thursday');
    const answer = reply(...before, user('Thanks. And how much is it?'));
    assert.ok('tool' in answer && answer.tool === 'quote_rental');
  });
});

describe('a caller who asks about the yard', () => {
  test('gets the fact from the instructions', () => {
    const cases: [said: string, fact: RegExp][] = [
      ['What time do you open on Saturday?', /Monday to Friday/],
      ['where are you located', /Quarry Road/],
      ['do you deliver', /thirty miles/],
      ['how much is the deposit', /deposit is taken/],
      ['what kind of ID do I need to bring', /license/],
    ];
    for (const [said, fact] of shuffled(cases, 5)) {
      const answer = reply(user(said));
      assert.ok('content' in answer, said);
      assert.match(answer.content, fact, said);
    }
  });

  test('hears that it is not known when the instructions do not say', () => {
    const answer = receptionistReply([user('where are you')], tools);
    assert.ok('content' in answer);
    assert.match(answer.content, /don't know/);
  });
});

test('parameters are named as the schema names them', () => {
  const other = tool(
    'find_equipment',
    { searchText: text, from: { type: ['string', 'null'] }, until: { type: ['string', 'null'] } },
    ['searchText', 'from', 'until'],
  );
  assert.deepEqual(receptionistReply([system, user('got a forklift?')], [other]), {
    tool: 'find_equipment',
    args: { searchText: 'forklift', from: null, until: null },
  });
});

test('a booking asks for the name, then books with what was said before', () => {
  const book = tool(
    'book_equipment',
    { itemId: text, start: text, end: text, customerName: text },
    ['itemId', 'start', 'end', 'customerName'],
  );
  const before = afterFinding('a mini excavator from tuesday to thursday please');
  const wants = [system, ...before, user("Great, I'll take it.")];
  const asked = receptionistReply(wants, [...tools, book]);
  assert.ok('content' in asked && asked.content.includes('name'));
  assert.deepEqual(
    receptionistReply(
      [...wants, agent(asked.content), user('My name is John Miller.')],
      [...tools, book],
    ),
    {
      tool: 'book_equipment',
      args: {
        itemId: 'EX-02',
        start: '2026-11-24',
        end: '2026-11-26',
        customerName: 'John Miller',
      },
    },
  );
});

describe('a caller who books, finds or cancels', () => {
  const nullable = { anyOf: [text, { type: 'null' }] };
  const bookingTools = [
    ...tools,
    tool(
      'book_equipment',
      { itemId: text, start: text, end: text, customer: text, phone: nullable },
      ['itemId', 'start', 'end', 'customer'],
    ),
    tool('find_booking', { code: nullable, customer: nullable }, []),
    tool('cancel_booking', { code: text, customer: nullable }, ['code']),
    tool('take_message', { message: text, customer: nullable, phone: nullable }, ['message']),
  ];
  const answerTo = (...messages: ChatMessage[]) =>
    receptionistReply([system, ...messages], bookingTools);
  const wish = {
    itemId: 'EX-02',
    start: '2026-11-24',
    end: '2026-11-26',
    customer: 'Maria Lopez',
    phone: null,
  };
  const asking = [
    ...afterFinding('a mini excavator from tuesday to thursday please'),
    user("I'd like to book it, my name is Maria Lopez."),
  ];
  const readBack = agent("That's the Mini excavator 2.5 t for $720. Shall I book it?");
  const readTo = [
    ...asking,
    ...used('book_equipment', { say: readBack.content, problem: 'not-confirmed' }),
    readBack,
  ];

  test('books with what was said, and again after each kind of yes', () => {
    assert.deepEqual(answerTo(...asking), { tool: 'book_equipment', args: wish });
    for (const yes of [
      'Yes, please book it.',
      'yes',
      'Sure, go ahead.',
      'OK',
      "yeah that's right",
    ]) {
      assert.deepEqual(answerTo(...readTo, user(yes)), { tool: 'book_equipment', args: wish }, yes);
    }
  });

  test('does not call again after a no', () => {
    for (const no of ['No.', 'no thanks', 'Nope, not now']) {
      const answer = answerTo(...readTo, user(no));
      assert.ok('content' in answer && /All right/.test(answer.content), no);
    }
  });

  test('takes a bare name for an answer to the question for it', () => {
    const before = afterFinding('a mini excavator from tuesday to thursday please');
    const messages = [
      ...before,
      user("I'll take it"),
      agent('What name should I put that under?'),
      user('Maria Lopez.'),
    ];
    assert.deepEqual(answerTo(...messages), { tool: 'book_equipment', args: wish });
  });

  test('does not take any word after "it\'s" for a name', () => {
    const said = user("it's for tuesday to thursday, a mini excavator, I'd like to book it");
    const asked = answerTo(said, ...used('find_equipment', found));
    assert.ok('content' in asked);
  });

  test('looks a booking up by code, by name, or asks for one of them', () => {
    assert.deepEqual(answerTo(user('Can you look up my booking? The code is K7M 4Q2.')), {
      tool: 'find_booking',
      args: { code: 'K7M4Q2', customer: null },
    });
    assert.deepEqual(answerTo(user('I want my booking details, my name is John Miller')), {
      tool: 'find_booking',
      args: { code: null, customer: 'John Miller' },
    });
  });

  test('cancels by code, or looks the booking up first', () => {
    const said = user('Please cancel my booking, my name is Maria Lopez.');
    assert.deepEqual(answerTo(said), {
      tool: 'find_booking',
      args: { code: null, customer: 'Maria Lopez' },
    });
    const told = used('find_booking', { say: 'You have it.', bookings: [{ code: 'K7M4Q2' }] });
    const cancel = { tool: 'cancel_booking', args: { code: 'K7M4Q2', customer: 'Maria Lopez' } };
    assert.deepEqual(answerTo(said, ...told), cancel);
    const asked = agent("That's the excavator. Shall I cancel it?");
    const after = [said, ...told, ...used('cancel_booking', { say: asked.content }), asked];
    for (const yes of ['Yes.', 'Yes, cancel it please.', 'yes go ahead']) {
      assert.deepEqual(answerTo(...after, user(yes)), cancel, yes);
    }
    const kept = answerTo(...after, user('No.'));
    assert.ok('content' in kept);
  });

  test('asks what to pass on, then takes the message as it was said', () => {
    const wants = user('Could I leave a message?');
    const asked = answerTo(wants);
    assert.ok('content' in asked && asked.content.endsWith('pass on?'));
    const message = 'The delivery on Friday must come before seven.';
    assert.deepEqual(answerTo(wants, agent(asked.content), user(message)), {
      tool: 'take_message',
      args: { message, customer: null, phone: null },
    });
    const offered = agent("I can't take a booking. Shall I take a message?");
    const agreed = answerTo(user('book it'), offered, user('Yes please'));
    assert.ok('content' in agreed && agreed.content.endsWith('pass on?'));
  });
});

describe('a caller who wants a person', () => {
  const transferTools = [
    ...tools,
    tool('transfer_to_human', {}, []),
    tool('take_message', { message: text }, ['message']),
  ];
  const answerTo = (...messages: ChatMessage[]) =>
    receptionistReply([system, ...messages], transferTools);
  const wish = user('Can I talk to a person?');
  const refusal = agent("I'm sorry, nobody can take your call right now. Shall I take a message?");
  const refused = [wish, ...used('transfer_to_human', null), refusal];

  test('is put through, in whatever words, and nothing is said beside it', () => {
    for (const said of shuffled(
      [
        'Can I talk to a person?',
        "I'd like to speak to a person.",
        'let me speak with someone please',
        'could you put me through to the yard',
        'get me a real person',
        'Operator, please.',
      ],
      3,
    )) {
      assert.deepEqual(answerTo(user(said)), { tool: 'transfer_to_human', args: {} }, said);
    }
    assert.deepEqual(answerTo(wish, ...used('transfer_to_human', null)), { content: '' });
  });

  test('leaves a message when nobody takes the call, or is put through after all', () => {
    const asked = answerTo(...refused, user('Yes, please.'));
    assert.ok('content' in asked && asked.content.endsWith('pass on?'));
    for (const message of [
      'Please tell them that the trencher has a flat tire.',
      'Yes, tell them that the trencher has a flat tire.',
    ]) {
      const taken = { tool: 'take_message', args: { message } };
      assert.deepEqual(answerTo(...refused, user(message)), taken);
    }
    const again = agent("Sorry, I didn't quite catch that. Could you say it once more?");
    const message = 'Yes, tell them that the trencher has a flat tire.';
    const taken = { tool: 'take_message', args: { message } };
    assert.deepEqual(answerTo(...refused, again, user(message)), taken, 'said once more');
    assert.deepEqual(answerTo(...refused, wish), { tool: 'transfer_to_human', args: {} });
    assert.ok('content' in answerTo(...refused, user('No.')));
  });
});
