/** Matters that a person at the yard is to hear of at once. */
export type Urgency = 'emergency' | 'breakdown';

/**
 * Finds in a caller's words, English or the plain Spanish ones, that somebody is hurt or in danger, or
 * that a machine on site does not work; null for neither. A question of what would be is neither, nor
 * is what happened long ago.
 */
export function urgencyOf(words: string): Urgency | null {
  const said = plain(words);
  const isBoast = boasted.test(said) && !danger.test(said);
  const clauses = clausesOf(words).map((clause) => {
    const literal = clause.replaceAll(figures, ' ');
    return isBoast ? literal.replaceAll(boast, ' ') : literal;
  });
  const isShort = clauses.length === 1;
  if (clauses.some((clause) => isEmergency(clause, isShort))) return 'emergency';
  return isBreakdown(clauses.join(' ; ')) ? 'breakdown' : null;
}

/** True when the caller speaks Spanish, or asks for somebody who does. */
export function isSpanish(words: string): boolean {
  const text = plain(words);
  if (spanishAsked.test(text)) return true;
  const said = text.match(/[a-z]+/g) ?? [];
  const strong = said.filter((word) => spanishWords.has(word)).length;
  const weak = said.filter((word) => spanishParticles.has(word)).length;
  return strong >= 2 && (strong + weak) * 2 >= said.length;
}

/** Lower case without accents and fillers, a word said twice once, short forms written out. */
function plain(words: string): string {
  return words
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('’', "'")
    .replaceAll(/\b(?:uh+|um+|er+|ah+|you know)\b,?/g, ' ')
    .replaceAll(/\bcan(?:'t|not)\b/g, 'can not')
    .replaceAll("won't", 'will not')
    .replaceAll("ain't", 'is not')
    .replaceAll("n't", ' not')
    .replaceAll("'s", ' is')
    .replaceAll("'re", ' are')
    .replaceAll("'m", ' am')
    .replaceAll("'ve", ' have')
    .replaceAll("'ll", ' will')
    .replaceAll(/[^a-z0-9.!?;]+/g, ' ')
    .replaceAll(/\b(?!one\b)([a-z]+)(?: \1\b)+/g, '$1')
    .trim();
}

function clausesOf(words: string): string[] {
  return plain(words)
    .split(/[.!?;]+/)
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '');
}

/** One of these, as a group that is not captured. */
function any(...alternatives: readonly string[]): string {
  return `(?:${alternatives.join('|')})`;
}

const person = any(
  ...'he|she|they|him|her|them|somebody|someone|guys?|man|men|woman|kid|child|boy|girl|workers?'.split(
    '|',
  ),
  ...'operator|driver|employee|helper|laborer|brother|son|daughter|wife|husband|dad|father|mom'.split(
    '|',
  ),
  ...'mother|uncle|cousin|friend|buddy|coworker|foreman|person|people|passenger|neighbor'.split(
    '|',
  ),
  'one of (?:my|our|the|your) \\w+',
);
const anyone = any(person, 'i', 'we', 'me', 'us');
const body =
  '(?:foot|feet|legs?|arms?|hands?|fingers?|thumb|toes?|ankle|knee|back|neck|head|face|eyes?|chest|shoulder|wrist|ribs?|hip|skull)';
const machine =
  '(?:it|thing|unit|machine|equipment|engine|motor|hydraulics?|boom|bucket|basket|lift|excavator|digger|skid ?steer|loader|backhoe|dozer|bulldozer|trencher|compactor|roller|generator|compressor|trailer|auger|mixer|saw|pump|heater|chipper|grinder|washer|breaker|hammer|jackhammer|cutter|dumper|buggy|truck|tower|lights?|tiller|aerator|forklift|telehandler|scissor|bobcat|forks?|platform|key|battery|starter|cord|chain|belt|blade|sawblade|tracks?|drum|throttle|controls?|joystick|brakes?|remote|tamper|plate|mower|splitter|blower|fan|bit|tractor|crane)';
const be = '(?:is|are|am|was|were|got|gets|been|getting)';

/** Suppositions, questions of what would be, wishes that it may not happen, and old stories. */
const supposed = new RegExp(
  [
    'what (?:if|happens|would happen)',
    'in case',
    '(?<!know |sure |tell |see )\\bif (?:there|it|something|somebody|someone|anybody|anyone|anything|one|the (?:\\w+ )?\\w+|a \\w+) (?:\\w+ )?(?:gets?|tips?|breaks?|catch(?:es)?|falls?|is|does|will|has|dies|quits?|stops?|rolls?|flips?|fails?)\\b',
    '\\b(?:when|whenever) (?:it|something|one) (?:breaks?|quits?|stops?|dies|fails?)\\b',
    '\\b(?:so that|so) (?:nobody|no one)\\b',
    '^(?:and |so |but )?(?:will|could|can|would|does|do|did|how|who|should) (?:it|they|that|you|i|we|the \\w+|do|deep|far|close|many|much)\\b(?!.*\\b(?:911|ambulance|help)\\b)',
    '\\b(?:do not|did not|not) want (?:to|it)\\b',
    '\\bto avoid\\b',
    '\\b(?:last (?:year|summer|winter|spring|fall|month|season|time)|(?:my|our|the) (?:last|old)(?! (?:night|hour|minute|few))|years? ago|months? ago|used to)\\b',
    '\\bsi (?:alguien|algo|se|hay|la|el)\\b',
    '\\ben caso de\\b',
  ].join('|'),
);

/** Words of the trade, and of daily life, that sound like an emergency and are none. */
const harmless =
  /\bfire (?:pits?|place|hydrants?|department|trucks?|extinguishers?|alarms?|rings?|wood|sale|code|marshal|lane|doors?|escape|station|house|season|break|watch|hose|table|away|off|up|with)\b|\b(?:am|are) on fire (?:today|lately|this)\b|\byou (?:guys )?are on fire\b|\bcamp ?fires?\b|\b(?:gas|smoke|leak|carbon monoxide)(?: leak)? (?:detectors?|alarms? for|machines?|testers?|sensors?|house|monitors?)\b|\b(?:nobody|no one) (?:\w+ ){0,2}(?:hurt|injured|dead)\b|\bcrushed (?:stone|rock|gravel|concrete|limestone|asphalt)\b|\bbleeding the\b|\bg(?:ave|ive|iving) (?:me|us|him|her) a heart attack\b|\bfuegos artificiales\b|\bover (?:the |my |our |your )?(?:budget|limit|price|estimate|time|deposit|phone|weekend)\b/g;

/** Matters that burn, bleed and crush only in words. */
const matter =
  '(?:(?<!(?:my|our|the|your|this|that|his|her) )(?:business|work)|deals?|prices?|pricing|schedules?|calendar|budgets?|plans?|projects?|sales|market|contracts?|estimates?|bids?|quotes?|invoices?|offers?|economy|account|traffic|tax(?:es)?|fees?|rates?|costs?|competition|competitors?|weekend|week|month|quarter|season|year|deadlines?|meetings?|permits?|negotiations?|conversation|inbox|phone|website|internet|wallet|pockets?|jobs?)';
const barely =
  '(?:is|are|was|has|have|just|really|all|totally|basically|practically|kind of|now|already)';
const figures = new RegExp(
  [
    `\\b${matter} (?:${barely} )*(?:caught|catching|on|is on|are on|was on) fire\\b`,
    `\\b${matter} (?:${barely} )*(?:in|is in|are in|went up in|go up in|going up in|down in) (?:flames|smoke)\\b`,
    `\\b(?:set|sets|setting|lit) (?:the|my|our|your|that|this) (?:\\w+ )?${matter} on fire\\b`,
    '\\bbleeding (?:\\w+ )?(?:money|cash|dollars|hours|time|customers|dry)\\b',
    `\\b${matter} (?:is|are) (?:\\w+ )?bleeding\\b`,
    `\\b(?:burned|burnt|crushed|killed|hurt|shocked|trapped|pinned) (?:by|on|in|with|at) (?:\\w+ ){0,3}(?:${matter}|compan(?:y|ies)|rental place)\\b(?! (?:site|trailer|truck))`,
    '\\bhit (?:with|by) (?:the|a|that|your|these|those) (?:\\w+ )?(?:price|bill|fees?|tax(?:es)?|estimate|quote|invoice|charges?|costs?)\\b',
    '\\bgot burned (?:before|once|twice|with a (?:bad|lousy|junk|cheap))\\b',
    '\\b(?:almost|nearly|about|practically) had a (?:heart attack|stroke|seizure)\\b',
    '\\bfire (?:lit )?under (?:me|us|him|her|them|you|my|your|his|their|our)\\b',
    '\\bwhere there is smoke there is (?:a )?fire\\b',
  ].join('|'),
  'g',
);
/** "I'm on fire" is boasted of a deal; by itself it is a cry. */
const boast =
  /\b(?:i|we|you|he|she|they|who|guys?|crew|team|people|salesman|contractor|boss|partner|foreman) (?:am|are|is)(?: (?:all|just|really|so|totally))? on fire\b/g;
const boasted =
  /\b(?:deals?|price|steal|bargain|sales?|sold|sell(?:ing)?|clos(?:ed|ing) (?:\w+ )?(?:deal|sale|job)s?|jobs? (?:done|this)|landed|contracts|finished|ahead of|today|lately|this (?:week|month|year|season))\b/;
const danger =
  /\b(?:help|911|ambulance|hurt|burn\w*|flames?|smok\w+|water|extinguisher|oh my god|god|jesus|hurry|pants|shirt|clothes|hair|arms?|legs?|engine|gas|fuel|tank)\b/;

const emergencies = [
  `\\b(?:${be}|himself|herself) (?:\\w+ ){0,2}(?:hurt|injured|electrocuted|shocked|burned|burnt|crushed|pinned|trapped|impaled|unconscious|unresponsive)\\b`,
  `\\bhurt (?:him|her|my|them|your)(?:self|selves)?\\b|\\b(?:burned|burnt|cut|shocked|injured) (?:him|her|my|them)(?:self|selves)\\b|\\b(?:have|had|is|was|been) an? (?:\\w+ )?injury\\b|\\binjured ${person}\\b`,
  `\\bbleeding\\b|\\b(?:there is (?:\\w+ )?blood|blood everywhere)\\b`,
  `\\b(?:not|stopped|trouble|hardly|barely) breath(?:e|ing)\\b`,
  `\\b${any(person, 'i', 'got', be)} (?:\\w+ )?(?:passed|knocked) out\\b|\\b${anyone} (?:\\w+ )?collapsed\\b|\\bheart attack\\b|\\b(?:having|had) a (?:stroke|seizure)\\b`,
  `\\b(?:broke|broken|cut|crushed|lost|smashed|mangled|severed|sliced|chopped|hurt|injured|burned|burnt|caught|stuck|ran over|run over) (?:off )?(?:his|her|my|their|a|an|two|three|part of his|part of my) (?:\\w+ )?${body}\\b`,
  `\\b${body} (?:${be} |just )?(?:\\w+ )?(?:caught|stuck|trapped|pinned|crushed|broken|mangled|severed|gone|smashed)\\b`,
  `\\b${anyone} (?:just |has |have |\\w+ )?(?:fell|fallen)(?:$| (?:off|from|out of|out|through the|into|down|onto|about|and|\\d))`,
  `\\b${person} (?:${be} )?(?:\\w+ )?(?:not (?:moving|responding|awake|waking|conscious)|down\\b(?! (?:the|to|on|at|for|there|here|payment)))|\\bman down\\b`,
  `\\b(?:got|was|been|were) hit by (?:the|a|your|it|traffic|cars?|trucks?)\\b|\\b(?:hit|hitting|struck) (?:him|her|me|somebody|someone|(?:a|my|one of my) ${person})\\b`,
  `\\b(?:ran|run|rolled|backed|drove|went) over (?:his|her|my|a|the|one of \\w+|some|another)? ?(?:${person}|me)\\b|\\b(?:got|been|was|were) run over\\b|\\bover (?:his|her|my|their) ${body}\\b|\\bover on (?:him|her|me|them|us)\\b`,
  `\\b(?:need|call|called|calling|send|get|want|waiting for) (?:\\w+ ){0,2}(?:ambulance|paramedics?|medic|911|9 1 1|nine one one)\\b`,
  `\\b(?:there (?:is|was|has been|have been)|had|report|got into|(?:been|was|were) in|have) (?:been )?(?:an|a|the) (?:\\w+ ){0,2}accident\\b`,
  `\\belectrocut`,
  `\\b(?:hit|touched|touching|struck|snagged|cut|clipped|tangled in|caught) (?:\\w+ ){0,3}(?:power|electric|electrical|overhead|live|high voltage) ?(?:lines?|cables?|wires?)\\b`,
  `\\b${person} (?:\\w+ ){0,2}(?:dead|dying|died)\\b(?! (?:set|on|serious|tired|sure|right))|\\b(?:got|was|been|were) killed\\b`,
  `\\b${anyone} ${be} (?:\\w+ )?(?:under|underneath|beneath) (?:it\\b|(?:the|a|that|this|your) (?!impression|weather|lot|assumption|budget|gun|contract|name|pressure))`,
  `\\b(?:trapped|pinned|crushed|caught|stuck|wedged) (?:under|underneath|beneath)\\b`,
  `\\b${anyone} ${be} (?:\\w+ )?stuck (?:\\w+ ){0,3}(?:in the (?:air|lift|basket|bucket|platform|boom|cab|machine|trench|hole)|up (?:here|there|in|high|on)|inside the)`,
  `\\b${person} ${be} (?:\\w+ )?(?:stuck|caught) between\\b`,
  `\\b${anyone} ${be} buried\\b(?! in (?:work|paper|calls|snow))`,

  `\\bon fire\\b|\\b(?:caught|catching|started|starting)(?: a| on)? fire\\b|\\bthere (?:is|was) (?:a |an )?(?:\\w+ )?fire\\b|\\b(?:have|had|got) a (?:\\w+ )?fire\\b|^(?:help )?fire\\b$`,
  `\\bflames\\b|\\b(?:full of|filling (?:up )?with|filled with|so much|lots? of) (?:\\w+ )?smoke\\b|\\bthere is (?:\\w+ ){0,3}smoke\\b|\\bsmoke (?:is |was )?(?:coming|pouring|billowing|everywhere|rolling|from|out)\\b`,
  `\\b${machine} (?:\\w+ )?(?:is|started|keeps|was) (?:\\w+ )?smoking\\b`,
  `\\b${machine} (?:\\w+ )?(?:is|was|are) (?:\\w+ )?burning(?! (?:fuel|oil|gas|diesel|through|a|too|stove))\\b|\\b(?:smells? like (?:\\w+ ){0,2}burning|burning smell)\\b`,
  `\\b(?:${machine}|tank) (?:\\w+ )?(?:blew up|exploded|has exploded)\\b|\\ban explosion\\b`,

  `\\bsmell(?:s|ed|ing)?(?: like| of| some| the| a| strong| really| bad| strongly| natural)* (?:gas|propane|rotten eggs)\\b`,
  `\\bgas leak\\b|\\bleaking (?:natural )?(?:gas|propane)\\b|\\b(?:gas|propane) (?:\\w+ )?(?:is|are) (?:\\w+ )?leaking\\b|\\bpropane leak`,
  `\\b(?:hit|cut|struck|broke|ruptured|punctured|nicked|damaged|snagged|clipped|tore|ripped) (?:\\w+ ){0,3}gas (?:lines?|main|pipe|meter)\\b|\\bgas (?:line|main|pipe) (?:\\w+ ){0,3}(?:ruptured|broke|burst|broken|hissing|hit|cut|nicked)\\b`,
  `\\bcarbon monoxide (?:poison|alarm)`,

  `\\b(?:tipped|flipped|toppled|rolled|(?<!not )turned) (?:right |all the way |itself )?over\\b(?! (?:to\\b|into (?:the )?(?:next|following|new|another)))`,
  `\\b(?:${machine}|${person}) (?:just |has |have |almost |\\w+ )?(?:fell|fallen|went) over\\b|\\boverturned\\b|\\bupside down\\b`,
  `\\b${machine} (?:just |has |have |\\w+ )?(?:tipped|flipped|toppled)\\b(?! (?:(?:the|my|our) (?:budget|limit|scales?|balance|driver|switch)|me|him|them|forward)\\b)`,
  `\\b${machine} (?:is|was) (?:\\w+ )?tipping\\b(?! (?:the|me))|\\b(?!tracks?|bit|chain|belt|blade|key|battery|lights?|cord|forks?)${machine} (?:just |has )?(?:fell|fallen)(?: down)?(?:$| (?:on|off|into|with|and)\\b)`,
  `\\b${machine} (?:just |has )?rolled(?:$| (?:down|away|off|with)\\b)`,
  `\\b(?:is|lying|laying|laid|fell|went|tipped|rolled|flipped|ended up)(?: \\w+)? on its (?:side|roof)\\b`,
  `\\b(?:scaffold|scaffolding|trench|wall|building|roof|shoring|structure|ladder|platform|boom|lift|ground) (?:\\w+ ){0,2}(?:collapsed|caved in|gave way)\\b|\\bcave in\\b`,

  'incendio|\\bfuego\\b|en llamas|\\bse (?:esta )?quem(?:a|o|ando)|(?:sale|hay|echando|saliendo) (?:mucho )?humo|\\bexplo(?:to|sion)',
  '(?:fuga|olor) (?:de|a) gas|huele (?:mucho )?a gas',
  'herid[oa]|lastimad[oa]|se lastimo|sangr(?:e\\b|ando)|no respira|inconsciente|atrapad[oa]|aplastad[oa]|prensad[oa]|se (?:volco|volteo|voltio)|volcad[oa]|electrocut',
  'se cayo\\b(?! (?:la (?:llamada|linea)|el sistema))|se quebro (?:la|el|una|un) (?:pierna|brazo|mano|pie)|ambulancia|\\bauxilio\\b|\\bsocorro\\b|^ayuda(?: por favor)?$|esta (?:muert|murien)',
  '(?:hubo|tuvimos|tuvo|tuve|hay) un accidente|es una emergencia',
].map((pattern) => new RegExp(pattern));

/** `isShort`: the clause is all that the caller said. */
function isEmergency(clause: string, isShort: boolean): boolean {
  if (supposed.test(clause)) return false;
  const text = clause.replaceAll(harmless, ' ');
  if (/\b(?:which|recommend|decide|choose|better|between (?:two|these))\b/.test(text)) return false;
  if (emergencies.some((pattern) => pattern.test(text))) return true;
  const isCry = /^(?:\w+ ){0,6}emergency$|^help(?: me)?(?: please)?$/;
  return isShort && isCry.test(text) && !/\b(?:for|in|your|you|an? \w+ for)\b/.test(text);
}

/** A machine of the caller's own is no matter of the yard's, nor is one that they ask for. */
const wantsToRent =
  /\b(?:(?:need|want|like|looking|trying|hoping|going) to (?:rent|get|hire|book|reserve)|(?:need|looking for|want) an?(?:other)?\b|do you (?:have|rent|carry)|can (?:i|we|you) (?:rent|get|book|deliver|bring)|how much|available)/;
const isFromYard =
  /\b(?:rented|renting|from you|on rent|your (?!website|site|card|email|price|app)|you (?:guys |all )?(?:rented|delivered|dropped|gave|brought))/;
const notOurs =
  /\b(?:my|our|his|her|their)(?: own)? (?:truck|car|van|pickup|phone|computer|vehicle|basement|pipes?)\b/g;

const parts =
  '(?:hose|line|tire|tyre|track|belt|chain|seal|pin|bolt|wheel|axle|cylinder|gasket|fuse|tooth|blade|cable|bearing|shaft|cord|hitch)';
const acts =
  '(?:start(?:ing)?\\b(?! (?:until|till|before|on|at|next|tomorrow|with))|run(?:ning)?\\b|work(?:ing)?\\b(?! (?:for|out|on|at|before|until) )|mov(?:e|ing)\\b|lift\\b|go (?:up|down|forward|backward|back|into|anywhere|in)\\b|come (?:down|on|up|off)\\b|crank|turn\\b|turn (?:on|over)|lower|raise|drive|dig\\b|pump\\b|charge|fire up|shift|steer\\b|curl|open|close|shut|stop|hold|spin|idle|extend|retract|respond|prime|vibrate|heat|cool|mix\\b|cut\\b)';
const breakdowns = [
  `\\b${machine} (?:\\w+ ){0,4}(?:will|does|did|would|do|is|are|can) not (?:even |really )?${acts}`,
  `\\b(?:can|could) not (?:\\w+ ){0,2}(?:get|make) (?:it|this|them|that|(?:the|your|this) \\w+(?: \\w+)?) (?:to )?(?:start|started|run|running|going|work|working|move|moving|crank|up|down|on)\\b(?! (?:monday|until|before))`,
  `\\b(?:broke|broken) down\\b(?! (?:the|that|my|by|into))|\\b(?:have|had|got|having) a (?:\\w+ )?breakdown\\b(?! of)`,
  `\\b${machine} (?:\\w+ ){0,4}(?:is|are|was|got|has) (?:\\w+ )?(?:broken|busted|dead|down|seized|shot|blown|fried|jammed|stuck|flat)\\b(?! (?:in$|to\\b|by|the (?:road|street)|at|payment|until|simple|easy|on$|cent|cheap|blast|as|for))`,
  `\\b(?:can|could) not (?:even )?(?:lower|raise|move|start|stop|steer|drive|dump) (?:it|(?:the|your|this) (?:\\w+ )?${machine})\\b`,
  `\\b(?:problem|trouble|issue)s? with (?:the|your|this) (?:\\w+ ){0,2}(?!lights?|key)${machine}\\b`,
  `\\b${machine} (?:\\w+ ){0,4}not do anything\\b|\\bnothing happens when\\b|\\blost (?:the|all) hydraulics\\b|\\b(?:hydraulic|oil|fuel|coolant) leak\\b(?! (?:detect|test))|\\b(?:ran|run|running) out of (?:hydraulic|oil)\\b|\\b(?:engine|oil) light (?:is|came|on)\\b|\\bnot putting out\\b|\\b(?:starter|it) is (?:just )?clicking\\b|\\b(?:pin|bolt|wheel|tooth|door) (?:\\w+ )?(?:fell|came|popped) (?:off|out)\\b`,
  `\\b${machine} (?:just |has |have |\\w+ )?(?:broke|quit|died|stalled|snapped|seized|overheated|conked out|jammed|cut out|shuts? (?:off|down)|gave out|failed|fell apart|locked up|stopped (?!rain|snow|being)\\w+ing)\\b(?! (?:rain|the (?:bank|budget)))`,
  `\\b(?:${machine}|drum) (?:\\w+ )?stopped (?:work|run|turn|pump|mov|spin|digg|lift|cutt)\\w*ing\\b`,
  'keeps? (?:on )?(?:stalling|dying|shutting|cutting out|overheating|tripping|quitting|leaking|jamming|slipping)',
  'overheat(?:ed|ing)',
  `\\b(?:oil|fuel|fluid|coolant|hydraulics?|diesel|${machine}) (?:\\w+ ){0,3}leak(?:ing|s|ed)\\b(?! in)|\\bleak(?:ing|s|ed) (?:\\w+ ){0,2}(?:hydraulic|oil|fuel|fluid|coolant|diesel|antifreeze)`,
  `\\b(?:blew|blown|popped|burst|busted|broke|snapped|threw|thrown|cracked|sheared|stripped) (?:a|an|the|its|one) (?:\\w+ ){0,2}${parts}\\b`,
  `\\bflat (?:tire|tyre)|\\b(?:tire|tyre) (?:is|went|just|has) (?:\\w+ )?(?:flat|blew|popped)`,
  '\\btracks? (?:\\w+ ){0,2}(?:came|come|fell|slipped|jumped|popped|is) (?:right )?off\\b',
  '\\b(?:error|fault|trouble) codes?\\b|\\bwarning lights? (?:is|are|came|come|keeps|just|on)\\b|\\bcheck engine\\b',
  `\\b${machine} (?:\\w+ )?(?:has|have|lost|losing) (?:no |all |its )?(?:hydraulic )?(?:power|pressure)\\b`,
  `\\bwrong with (?:it|(?:the|this|your) (?:\\w+ ){0,2}${machine})\\b`,
  '\\b(?:making|makes) (?:\\w+ ){0,4}noises?\\b|\\bmalfunction|\\bacting up\\b|\\bout of order\\b|\\bconked out\\b',
  '\\bstuck in (?:the |a |some )?(?:mud|dirt|sand|ditch|snow)\\b',
  '\\bno (?:arranca|prende|enciende|funciona|sirve|jala|levanta|se mueve)\\b|\\bse (?:descompuso|rompio|averio|apago|poncho)\\b|\\besta (?:descompuest|rot[oa]\\b|averiad|ponchad)|\\b(?:tira|fuga de) aceite\\b',
].map((pattern) => new RegExp(pattern));

function isBreakdown(said: string): boolean {
  if (wantsToRent.test(said) && !isFromYard.test(said)) return false;
  return said
    .replaceAll(notOurs, ' ')
    .split(' ; ')
    .some((clause) => !supposed.test(clause) && breakdowns.some((pattern) => pattern.test(clause)));
}

const spanishAsked =
  /\bespanol\b|\bno (?:hablo|entiendo) |\b(?:speaks?|speaking|talks?|in) spanish\b|\bspanish (?:please|speaker|speaking)\b/;
const spanishWords = new Set(
  'hola buenos buenas dias tardes noches necesito quiero quisiera puedo puede tiene tienen habla hablas hablar hable hablo hablan ingles favor cuanto cuesta cuestan gracias disculpe alguien maquina rentar renta rento alquilar manana lunes martes miercoles jueves viernes sabado domingo donde precio senor senora entiendo quien hoy semana estoy estamos llamo ayuda hermano herido herida incendio fuego atrapado atrapada accidente ambulancia huele volco debajo excavadora retroexcavadora montacargas generador arranca prende descompuso'.split(
    ' ',
  ),
);
const spanishParticles = new Set(
  'un una el la los las de del que como esta es con mi yo si no por para a al en y o me se su'.split(
    ' ',
  ),
);
