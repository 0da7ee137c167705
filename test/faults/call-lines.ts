/** What a caller says, and what must be heard in answer to it. */
export type Question = { readonly say: string; readonly hears: RegExp };

/** Answered with a tool. */
export const skidSteer: Question = {
  say: 'Do you have a skid steer?',
  hears: /skid steer (is )?free/i,
};
export const generator: Question = {
  say: 'Do you have a generator?',
  hears: /generator (is )?free/i,
};
/** The tool hangs for it (`hung-tool.ts`). */
export const boomLift: Question = { say: 'Do you have a boom lift?', hears: /try it once more/i };
/** Answered by the model, in words. */
export const delivery: Question = { say: 'Do you deliver?', hears: /within 30 miles/i };
export const address: Question = { say: 'Where are you located?', hears: /quarry road/i };
/** Takes longer to say than any pause in it. */
export const longQuestion: Question = {
  say: 'Hi, I am calling from a building site up the road and wanted to ask, do you have a trencher?',
  hears: /trencher (is )?free/i,
};

export const price: Question = {
  say: 'How much would it be for three days from tomorrow?',
  hears: /comes to \$/i,
};
export const wish: Question = {
  say: "I'd like to book it, my name is Maria Lopez.",
  hears: /maria lopez.*\?/is,
};
/** The same, from a caller whose name and days are known. */
export const bookIt: Question = { say: 'Please put me down for it.', hears: /\?\s*$/ };
export const yes: Question = {
  say: 'Yes, please book it.',
  hears: /you're booked|your request .* is taken|booked, under the code/i,
};
/** The same, while the sheet keeps the booking waiting. */
export const yesToPending: Question = {
  say: yes.say,
  hears: /taken your request|request .* is taken/i,
};
export const fate: Question = {
  say: 'Is my booking confirmed?',
  hears: /(?:your request for|you have) the generator/i,
};
/** The yard does not know the caller's number, and asks for it. */
export const wishWithoutNumber: Question = { say: wish.say, hears: /best number/i };
/** Answers the offer to take a message. */
export const message: Question = {
  say: 'Yes, please tell them that I will be at the gate early tomorrow.',
  hears: /written that down/i,
};
export const person = 'Can I talk to a real person, please?';
export const emergency = 'The excavator tipped over and somebody is hurt.';
export const farewell = "Thanks, that's all. Goodbye.";

/** Everything that is said, for the recogniser to know before. */
export const allLines: readonly string[] = [
  skidSteer.say,
  generator.say,
  boomLift.say,
  delivery.say,
  address.say,
  longQuestion.say,
  price.say,
  wish.say,
  bookIt.say,
  yes.say,
  fate.say,
  message.say,
  person,
  emergency,
  farewell,
];
