import { tokenize } from '@livekit/agents';

/** The Deepgram plugin's own length: the first sentence must not wait for more than there. */
const minSentenceLength = 8;
const sentenceEnd = /[.!?…]["'”’)\]]*\s+$/;

/** The streamed text of a reply as sentences, each as soon as it is whole. */
export class SentenceStream {
  readonly #sentences: string[] = [];
  readonly #splitter = new tokenize.basic.SentenceTokenizer({ minSentenceLength }).stream();
  /** Text that was written and is not yet in a sentence. */
  #written = '';
  #isOver = false;
  #changed = Promise.withResolvers<void>();

  /** `input` holds text, and anything else where text is to be flushed. It must not reject. */
  constructor(input: AsyncIterable<unknown>) {
    void this.#write(input);
    void this.#collect();
  }

  /** True once the text has ended and all its sentences are known. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The sentences known so far. Joined they are the text as it was written. */
  get sentences(): readonly string[] {
    return this.#sentences;
  }

  /** The sentence at `index`, as soon as it is whole; undefined when the text ends before it. */
  async at(index: number): Promise<string | undefined> {
    while (index >= this.#sentences.length && !this.#isOver) await this.#changed.promise;
    return this.#sentences[index];
  }

  async #write(input: AsyncIterable<unknown>): Promise<void> {
    for await (const text of input) {
      if (typeof text !== 'string') {
        this.#splitter.flush();
        continue;
      }
      this.#written += text;
      this.#splitter.pushText(text);
      // Checked words come a sentence at a time: the splitter would hold each until the next.
      if (sentenceEnd.test(text) && this.#written.trim().length >= minSentenceLength) {
        this.#splitter.flush();
      }
    }
    this.#splitter.endInput();
  }

  async #collect(): Promise<void> {
    for await (const { token } of this.#splitter) {
      const sentence = this.#asWritten(token);
      // A voice has nothing to say to a lone dash or a row of dots.
      if (/[\p{L}\p{N}]/u.test(sentence)) this.#sentences.push(sentence);
      this.#wake();
    }
    this.#isOver = true;
    this.#wake();
  }

  /** The splitter changes spaces and swaps quotes, but neither adds nor drops a letter. */
  #asWritten(token: string): string {
    let letters = token.replace(/\s/g, '').length;
    let end = 0;
    for (; letters > 0 && end < this.#written.length; end += 1) {
      if (/\S/.test(this.#written.charAt(end))) letters -= 1;
    }
    const sentence = this.#written.slice(0, end);
    this.#written = this.#written.slice(end);
    return sentence;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
