/** Money in a sentence, and what it is said to be the price of. */
export type Amount = { readonly value: number; readonly role: Role; readonly at: number };

type Role =
  | 'day'
  | 'week'
  | 'month'
  | 'hour'
  | 'total'
  | 'deposit'
  | 'delivery'
  | 'mile'
  | 'gallon'
  | 'other'
  | 'price';

const currency = '(?:dollars?|bucks?|quid|euros?|usd|cents?)';
const per = '(?:a|an|per|each|every|the|/|by the)';
/** Directly after a number these make it money. */
const followsMoney = new RegExp(
  `^ ?(?:${currency}\\b|${per} ?(?:day|week|month|hour|mile|night|weekend|unit|machine|trip|way|four[- ]week|4[- ]week)\\b` +
    `|daily\\b|weekly\\b|monthly\\b|in (?:all|total)\\b|total\\b|altogether\\b|all in\\b|plus (?:tax|a|the|deposit)\\b|flat\\b|(?:refundable |security )?deposit\\b|each way\\b)`,
);
/** Directly before a number these make it money, unless it counts something. */
const leadsToMoney = new RegExp(
  '(?:costs?|charges?|pay|price|rate|fee|amount|total|deposit|delivery|it|that|comes?(?: out)? to|runs?|rents? for|goes for|' +
    'drops? to|down to|as low as|only|for just|for only|do (?:it|that) for|have it for|yours for|let it go for)' +
    "(?: (?:is|are|would be|will be|of|for|you))*(?:'s|'d be)?(?: (?:only|just|about|around|roughly|a flat|now|down to))*(?: be)? $",
);
const surelyLeadsToMoney =
  /(?:\b(?:pay|paying|looking at|(?:i|we) (?:can|could) do)|costs?|charges?|price|rate|fee|total|deposit|delivery|comes?(?: out)? to|runs|(?:runs?|costs?|set) you(?: back)?|rents? for|goes for|drops? to|as low as|do (?:it|that) for|have it for|yours for|let it go for)(?: (?:is|are|would be|will be|of|you))*(?:'s|'d be)?(?: (?:only|just|about|around|roughly|a flat|now|down to))*(?: be)? $/;
const counts =
  /^(?:\d|[.:]\d|st\b|nd\b|rd\b|th\b|[- ]?(?:days?|weeks?|weekends?|hours?|minutes?|months?|miles?|feet|foot|ft|inch(?:es)?|tons?|tonnes?|yards?|acres?|gallons?|horsepower|kilowatts?|kw|volts?|amps?|pounds|lbs?|kilos?|am\b|pm\b|a\.m|p\.m|o'clock|percent|%|of\b|machines?|units?|people|years?|times|excavators?|lifts?|generators?|or \d+ (?:days|weeks)))/;

const free =
  /\bfree (?:of charge|delivery|drop[- ]?off|pick[- ]?up|day|week|weekend|fuel|hour|trailer|shipping)|\b(?:delivery|drop[- ]?off|pick[- ]?up|fuel|shipping|insurance|(?:first|1st|last|extra|second|2nd|3rd) (?:day|hour|week))(?:'s| is| are| would be| will be| comes?) (?:totally |completely |also |all |included |for )*free\b|\bfor (?:free|nothing)\b|\bgratis\b|\b(?:won't|don't|not) charge\b|\b(?:at |for )?no (?:extra |additional |further )?(?:charge|cost|fee)s?\b|\bno(?: security| card)? deposit\b|\bon the house\b|(?<!\bsorry\b.*)(?:\b(?:is|are)|'s) on (?:us|me)\b(?! for|,? (?:sorry|my|apolog))|\bour treat\b|\b(?:won't|don't|not) (?:bill|invoice)\b|\bleave (?:off the deposit|the deposit off)\b|\bcomplimentary\b|\bwithout (?:a |any |the )?(?:deposit|charge|fee)\b|\bdoesn't cost\b|\bwon't cost\b|\b(?:don't|won't|doesn't|not) (?:have to |need to |be )?(?:pay|charged?|leave|owe)\b(?! (?:attention|a message))|\bzero deposit\b|\b0 deposit\b|\bdon't worry about (?:the |a |any )?(?:deposit|fee|charge|cost|price)|\b(?:don't|won't|doesn't|do not|will not) (?:need|require|charge|ask for|take|have)(?: to (?:pay|leave|put down))?[^.,;]{0,15}\bdeposit\b|\b(?:first|1st|second|2nd|third|3rd|last|extra|next|additional|weekend) (?:day|hour|week)s?(?:'s| is| are| comes)?(?: for)? free\b|\bnothing (?:extra|down|to pay)\b|\b(?:deposit|delivery|fee) (?:isn't|is not) (?:needed|required|necessary)\b/g;

/** The amounts of money in a text whose numbers are in digits (`inDigits`). */
export function amountsIn(text: string): Amount[] {
  const found = [
    ...text.matchAll(/([$£€]\s?)?(\d+)( \d\d(?!\d| ?(?:days|hours)))?(\.\d+)?(?!\d)/g),
  ].flatMap((match) => {
    const [whole, sign, number = '', tail, cents] = match;
    const isGlued = /[\w.:/-]$/.test(text.slice(0, match.index)) && !sign;
    if (isGlued) return [];
    const end = match.index + whole.length;
    const rest = text.slice(end);
    const lead = text.slice(0, match.index);
    const isPrice =
      surelyLeadsToMoney.test(lead) ||
      (leadsToMoney.test(lead) && /[$£€]|\b(?:price|cost|rate|deposit|charge|total)/.test(text));
    const isRound =
      Number(number) >= 50 &&
      !/(?:[\d#]|\b(?:at|street|building|number|code|room|unit|model|exit|highway|route|extension|year|in|the|suite|county|road|ending|cat|caterpillar|case|deere|bobcat|kubota|jlg|genie|komatsu|volvo|takeuchi|hitachi|jcb|vermeer|toro|loader|excavator|dozer|backhoe|grader|roller)) ?[- ]?$/.test(
        lead,
      ) &&
      /^(?: (?:works?|even|off|flat|it is|is fine|cash|each|apiece|if|bucks)\b|[.!?]|$)/.test(
        rest,
      ) &&
      !/^ ?\d/.test(rest);
    const isBare =
      (Number(number) >= 20 || tail !== undefined) &&
      /\b(?:that|it|this)(?:'s|'d be|'ll be| is| would be| will be)(?: only| just| about)? $/.test(
        lead,
      ) &&
      /^(?:[.,!]|$| (?:for|with|plus|including|before|all in)\b)/.test(rest);
    if (!sign && !isBare && !isRound && !followsMoney.test(rest) && (counts.test(rest) || !isPrice))
      return [];
    // "two fifty a day" is 250; "$89 50" is 89.50.
    const value = Number(number + (cents ?? ''));
    const joined =
      tail === undefined ? value : sign ? value + Number(tail) / 100 : value * 100 + Number(tail);
    return [
      { value: tail !== undefined && value >= 10 && !sign ? value : joined, at: match.index, end },
    ];
  });
  const amounts = found.map(({ value, at, end }, i) => {
    const from = found[i - 1]?.end ?? 0;
    const to = found[i + 1]?.at ?? text.length;
    return { value, at, role: roleOf(text.slice(from, at), text.slice(end, to)) };
  });
  const nothing = [...text.matchAll(free)].map(({ 0: words, index }) => ({
    value: 0,
    at: index,
    role: roleIn(words) ?? ('price' as const),
  }));
  return [...amounts, ...nothing];
}

const afterwards: readonly (readonly [Role, RegExp])[] = [
  ['deposit', /^(?! ?(?:plus|and|with)\b)[^,;]{0,14}\bdeposit\b/],
  ['day', new RegExp(`^(?: ?${currency})? ?(?:${per} ?(?:day|24 hours)\\b|daily)`)],
  [
    'month',
    new RegExp(
      `^(?: ?${currency})? ?(?:${per} ?(?:month|four[- ]weeks?|4[- ]weeks?|28 days)\\b|monthly|for (?:a month|4 weeks|28 days))`,
    ),
  ],
  [
    'week',
    new RegExp(`^(?: ?${currency})? ?(?:${per} ?week\\b|weekly|for (?:a|the|one|1) week\\b)`),
  ],
  ['hour', new RegExp(`^(?: ?${currency})? ?(?:${per} ?hour\\b|hourly)`)],
  ['mile', new RegExp(`^(?: ?${currency})? ?${per} ?mile\\b`)],
  ['gallon', new RegExp(`^(?: ?${currency})? ?${per} ?(?:gallon|lit(?:er|re))\\b`)],
  [
    'delivery',
    new RegExp(
      `^(?: ?${currency})? ?(?:${per} ?(?:way|trip)\\b|round trip|(?:for |in )?(?:the )?(?:delivery|drop[- ]?off|haul))`,
    ),
  ],
  [
    'total',
    new RegExp(
      `^(?: ?${currency})? ?(?:in (?:all|total)|total|altogether|all in|all together|for (?:the|all|those|these|your|that|\\d+)\\b)`,
    ),
  ],
];

const fees =
  /^(?: ?(?:dollars?|bucks))? (?:[a-z-]+ ){0,2}(?:fees?|surcharge|fine|penalty|waiver|tax|insurance)\b/;

const named: readonly (readonly [Role, RegExp])[] = [
  ['deposit', /\bdeposit/g],
  ['delivery', /\bdeliver|\bmiles\b|\bdrop[- ]?off|\beach way/g],
  ['total', /\btotal|\bin all\b|\baltogether|\bcomes?(?: out)? to\b/g],
  ['day', /\bdaily|\bday rate|\bper day|\ba day\b/g],
  ['month', /\bmonth|\b(?:four|4)[- ]week/g],
  ['week', /\bweekly|\bweek\b/g],
  ['hour', /\bhour/g],
  ['other', /\bfee\b|\btax|\bfuel|\bclean|\binsurance|\bwaiver|\blate\b|\bdamage/g],
];

function roleOf(before: string, after: string): Role {
  const next = afterwards.find(([, pattern]) => pattern.test(after));
  return next?.[0] ?? roleIn(before) ?? (fees.test(after) ? 'other' : 'price');
}

/** The role that is named last. */
function roleIn(text: string): Role | undefined {
  const last = named
    .map(([role, pattern]) => ({ role, at: [...text.matchAll(pattern)].at(-1)?.index ?? -1 }))
    .reduce((best, next) => (next.at > best.at ? next : best));
  return last.at < 0 ? undefined : last.role;
}

/** True when words that say `claimed` follow from `known`. */
export function isSameAmount(claimed: Amount, known: Amount): boolean {
  if (Math.abs(claimed.value - known.value) > 0.004) return false;
  if (claimed.role === known.role) return true;
  if (claimed.role === 'price') return ['day', 'week', 'month', 'total'].includes(known.role);
  return known.role === 'price' && claimed.role === 'total';
}
