/**
 * Phrases that are always said in the same words. Each is synthesised ahead, like the greeting, so that it
 * can be spoken when no provider can be reached.
 */

/** Spoken by the call itself at its end. */
export const GOODBYE = 'Thanks for calling. Goodbye!';

/** The first words of a job that takes over a call whose agent was lost. */
export const STILL_HERE = "Sorry about that, I'm still here.";
/** The same, when nothing is known of what was said. */
export const WELCOME_BACK = "Sorry about that, I'm still here. Where were we?";
/** A fresh job tries for a caller whose voice did not arrive. */
export const CAN_YOU_HEAR = "I'm still here. Can you hear me?";

/** The model failed for one turn. */
export const SAY_AGAIN = "Sorry, I didn't quite catch that. Could you say it once more?";
/** The caller spoke and nothing of it arrives in words, for now. */
export const BEAR_WITH_ME = "I'm sorry, I'm having trouble hearing you. One moment, please.";
/** The same, a while later. */
export const STILL_TRYING = "I'm still trying to hear you. Please stay on the line.";
/** A recording in place of a sentence that no voice could speak. */
export const VOICE_TROUBLE = "I'm sorry, I'm having trouble speaking. One moment, please.";
/** The call ends, as nothing works; the caller's number is kept. */
export const CALL_YOU_BACK =
  "I'm sorry, something isn't working on our side. I've noted your number, and someone will call you back. Goodbye.";
/** The same, without a number. */
export const CALL_AGAIN =
  "I'm sorry, something isn't working on our side. Please call again in a little while. Goodbye.";
/** The process is stopped within three seconds: the number is kept. Spoken in two. */
export const CUT_SHORT = "Sorry, we'll call you back.";
/** The same, without a number. */
export const CUT_SHORT_CALL_AGAIN = 'Sorry, please call us again.';

/** The prompts that a caller hears before their silence ends the call, one after the other. */
export const callerSilentPrompts = [
  'Are you still there?',
  'I can’t hear you. If you’re still on the line, please say something.',
] as const;

/** The last words to a caller who stays silent. */
export const callerSilentGoodbye =
  'I still can’t hear you, so I’ll hang up now. Please call again any time. Goodbye.';

/** Heard a minute before the call's limit. */
export const callLimitWarning =
  'Just so you know, we can stay on the line for about another minute.';

/** The last words of a call that reached its limit. */
export const callLimitGoodbye =
  'I’m sorry, this call has reached its time limit. Please call again if there’s more. Goodbye.';

/** The last words before a transfer. */
export const TRANSFERRING = "I'll put you through now. One moment, please.";

/** Words for a transfer that came to nothing; what they offer, the model then does. */
export const wordsAfterTransfer = {
  refused: "I'm sorry, nobody can take your call right now. Shall I take a message?",
  'no-answer': "I'm sorry, nobody is answering right now. Shall I take a message?",
  failed: "I'm sorry, I can't put you through right now. Shall I take a message?",
} as const;

/** Answers to `0` where there is nobody to put the caller through to. The number is kept. */
export const PERSON_CALLS_BACK =
  "I'm sorry, I can't put you through from here. I've noted your number, and someone will call you back. You can leave a message with me, too.";
/** The same, without a number. */
export const PERSON_NEEDS_NUMBER =
  "I'm sorry, I can't put you through from here. Please key in your phone number, and someone will call you back.";
/** The number was keyed in, and is kept. */
export const NUMBER_NOTED = "Thank you. I've noted that number, and someone will call you back.";
/** Half a number was keyed in. */
export const NUMBER_NOT_WHOLE = "That isn't a whole phone number. Please key it in once more.";
/** The number could not be kept. */
export const NUMBER_NOT_NOTED =
  "I'm sorry, I can't put you through or take a message right now. Please call again a little later.";

/** A caller who was greeted waits for a free line. */
export const ONE_MOMENT = 'One moment, please.';
/** No line came free; the caller's number is kept. */
export const LINES_BUSY =
  "I'm sorry, all our lines are busy. I have your number, and someone will call you back. Goodbye.";
/** The same, without a number. */
export const LINES_BUSY_NEEDS_NUMBER =
  "I'm sorry, all our lines are busy. Please key in your phone number, and someone will call you back.";
/** No number was keyed in, or it could not be kept. */
export const LINES_BUSY_CALL_AGAIN =
  "I'm sorry, all our lines are busy. Please call again in a little while. Goodbye.";
/** The last words to a caller who keyed their number in. */
export const NUMBER_NOTED_GOODBYE =
  "Thank you. I've noted that number, and someone will call you back. Goodbye.";

/** Said at once in an emergency, where the yard has no words of its own for it. */
export const EMERGENCY = 'If anyone is hurt, hang up and call 911.';
/** The same, before it, to who speaks Spanish. */
export const EMERGENCY_IN_SPANISH = 'Si hay heridos, cuelgue y llame al 911.';
/** Nobody could be put through to; the message and the alert are out. */
export const EMERGENCY_TOLD =
  "I've told the yard, and someone will call you back as soon as they can.";
/** The same, with no number to call, or nothing written down. */
export const EMERGENCY_NEEDS_NUMBER =
  'Please tell me the number to reach you on, and where you are.';

/** A machine broke down; the transfer's own words come next. */
export const BREAKDOWN = "I'm sorry about that.";
/** Nobody takes breakdowns at this hour. */
export const BREAKDOWN_NOTED =
  "I'm sorry about that. I've marked it urgent, and someone will call you back. Which machine is it, and where is it?";
/** The same, without a number. */
export const BREAKDOWN_NEEDS_NUMBER =
  "I'm sorry about that. Which number can we reach you on, which machine is it, and where is it?";
/** The same, when nothing could be written down. */
export const BREAKDOWN_NOT_NOTED =
  "I'm sorry about that. I can't take a message right now. Please call again a little later.";

/** The last words before a transfer, to who speaks no English. */
export const SPANISH_TRANSFERRING = 'Un momento, le comunico con una persona.';
/** The words of an offer to call back. */
type CallBackWords = {
  /** The number is kept. */
  readonly callsBack: string;
  readonly needsNumber: string;
  /** The number was keyed in, and is kept. */
  readonly noted: string;
  readonly notWhole: string;
  readonly notNoted: string;
};
/** The offer of a call-back, by language. */
export const callBackWords: Readonly<Record<'english' | 'spanish', CallBackWords>> = {
  english: {
    callsBack: PERSON_CALLS_BACK,
    needsNumber: PERSON_NEEDS_NUMBER,
    noted: NUMBER_NOTED,
    notWhole: NUMBER_NOT_WHOLE,
    notNoted: NUMBER_NOT_NOTED,
  },
  spanish: {
    callsBack:
      'Lo siento, ahora no hay nadie que hable español. Tenemos su número, y le llamaremos.',
    needsNumber:
      'Lo siento, ahora no hay nadie que hable español. Marque su número de teléfono, y le llamaremos.',
    noted: 'Gracias. Tenemos su número, y le llamaremos.',
    notWhole: 'Ese número no está completo. Márquelo otra vez, por favor.',
    notNoted: 'Lo siento, algo no funciona. Por favor, llame más tarde.',
  },
};

/** All of them. */
export const setPhrases: readonly string[] = [
  ...callerSilentPrompts,
  callerSilentGoodbye,
  callLimitWarning,
  callLimitGoodbye,
  TRANSFERRING,
  ...Object.values(wordsAfterTransfer),
  ...Object.values(callBackWords.english),
  EMERGENCY,
  EMERGENCY_TOLD,
  EMERGENCY_NEEDS_NUMBER,
  BREAKDOWN,
  BREAKDOWN_NOTED,
  BREAKDOWN_NEEDS_NUMBER,
  BREAKDOWN_NOT_NOTED,
  EMERGENCY_IN_SPANISH,
  SPANISH_TRANSFERRING,
  ...Object.values(callBackWords.spanish),
  GOODBYE,
  STILL_HERE,
  WELCOME_BACK,
  CAN_YOU_HEAR,
  SAY_AGAIN,
  BEAR_WITH_ME,
  STILL_TRYING,
  VOICE_TROUBLE,
  CALL_YOU_BACK,
  CALL_AGAIN,
  CUT_SHORT,
  CUT_SHORT_CALL_AGAIN,
  ONE_MOMENT,
  LINES_BUSY,
  LINES_BUSY_NEEDS_NUMBER,
  LINES_BUSY_CALL_AGAIN,
  NUMBER_NOTED_GOODBYE,
];
