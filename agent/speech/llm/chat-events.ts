import type { RequestWatch } from './llm-request.ts';

/** The parts of an event of a chat completion that are looked at; the rest goes through as it is. */
type ChatEvent = {
  readonly choices?: readonly {
    readonly index?: number;
    readonly delta?: { readonly content?: unknown; readonly tool_calls?: unknown };
    readonly finish_reason?: string | null;
  }[];
};

type WrittenCall = {
  readonly index?: number | null;
  readonly id?: string | null;
  readonly function?: { readonly name?: string | null; readonly arguments?: string | null };
};

const lastEvent = '[DONE]';

/**
 * Makes of a compatible server's stream the one that OpenAI would send, and tells `watch` what it
 * brings: words and pieces of tool calls alone are signs of life. Fails at an end that nothing
 * announced: a proxy whose upstream was cut ends its answer cleanly.
 */
export function chatEvents(watch: RequestWatch): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const calls = new ToolCalls();
  let rest = '';
  let finish: string | null = null;
  let isOver = false;
  type Controller = TransformStreamDefaultController<Uint8Array>;

  const send = (controller: Controller, data: string) =>
    controller.enqueue(encoder.encode(`data: ${data}\n\n`));

  /** The plugin hands a tool call on when it reads why the answer ended. */
  const endCalls = (controller: Controller) => {
    if (finish !== null || !calls.any) return;
    const choice = { index: 0, delta: {}, finish_reason: 'tool_calls' };
    send(controller, JSON.stringify({ choices: [choice] }));
  };

  const read = (data: string, controller: Controller) => {
    if (data === lastEvent) {
      endCalls(controller);
      isOver = true;
      return send(controller, data);
    }
    const event = JSON.parse(data) as ChatEvent;
    for (const choice of event.choices ?? []) {
      const { content, tool_calls: written } = choice.delta ?? {};
      const isWord = typeof content === 'string' && content.trim() !== '';
      if (isWord || (Array.isArray(written) && written.length > 0)) watch.alive();
      if (choice.finish_reason) {
        finish = choice.finish_reason;
        watch.finished(finish);
      }
    }
    send(controller, JSON.stringify({ ...event, choices: event.choices?.map(calls.mended) ?? [] }));
  };

  return new TransformStream({
    transform(chunk, controller) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const [, data] = /^data: ?(.*)$/.exec(line) ?? [];
        if (data !== undefined && data !== '') read(data, controller);
      }
    },
    flush() {
      if (!isOver && finish === null) throw new Error('The answer ended before its last event');
    },
  });
}

type Choice = NonNullable<ChatEvent['choices']>[number];

/** The tool calls of one answer, each by its index or its id. */
class ToolCalls {
  readonly #calls: { readonly key: unknown; id: string; isNamed: boolean; early: string }[] = [];

  get any(): boolean {
    return this.#calls.length > 0;
  }

  /** The choice with its tool calls as OpenAI writes them: id and name come first, once. */
  readonly mended = (choice: Choice): Choice => {
    const written = choice.delta?.tool_calls;
    if (!Array.isArray(written)) return choice;
    const tool_calls = (written as readonly WrittenCall[]).flatMap(
      (call) => this.#mend(call) ?? [],
    );
    return { ...choice, delta: { ...choice.delta, tool_calls } };
  };

  #mend({ index, id, function: { name, arguments: args } = {} }: WrittenCall): object | undefined {
    const key = index ?? id ?? this.#calls.at(-1)?.key ?? 0;
    let at = this.#calls.findIndex((call) => call.key === key);
    if (at < 0) at = this.#calls.push({ key, id: id ?? '', isNamed: false, early: '' }) - 1;
    const call = this.#calls[at];
    if (!call) return undefined;
    call.id ||= id ?? '';
    if (call.isNamed) return { index: at, function: { arguments: args ?? '' } };
    call.early += args ?? '';
    if (!name) return undefined;
    call.isNamed = true;
    call.id ||= `call_${crypto.randomUUID()}`;
    const head = { name, arguments: call.early };
    return { index: at, id: call.id, type: 'function', function: head };
  }
}
