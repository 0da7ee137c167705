import { z } from 'zod';
import type { Config } from '../../config/config.ts';
import { fail, ok, warn, type Finding } from '../../config/finding.ts';
import { tryWebSocket } from './websocket-handshake.ts';

/** Hearing: opens the transcription that a call would open, and closes it before any audio. */
export async function checkHearing({ deepgram }: Config, signal: AbortSignal): Promise<Finding> {
  const url = new URL(`${deepgram.baseUrl}/v1/listen`);
  url.search = new URLSearchParams({
    model: deepgram.sttModel,
    encoding: 'linear16',
    sample_rate: '16000',
    channels: '1',
    interim_results: 'true',
  }).toString();
  const { status, body } = await tryWebSocket(url, {
    headers: { Authorization: `Token ${deepgram.apiKey}` },
    goodbye: '{"type":"CloseStream"}',
    signal,
  });
  if (status === 101) return ok(`Deepgram takes the key and STT_MODEL (${deepgram.sttModel})`);
  return refusal({
    service: 'Deepgram',
    key: 'DEEPGRAM_API_KEY',
    model: `STT_MODEL (${deepgram.sttModel})`,
    answer: { status, body },
  });
}

const modelsSchema = z.object({
  data: z.array(
    z.object({ id: z.string(), shutdown_date: z.union([z.string(), z.number()]).nullish() }),
  ),
});

/** Thinking: whether the key is taken and the model is among those it may use, and for how long. */
export async function checkThinking({ openai }: Config, signal: AbortSignal): Promise<Finding> {
  const response = await fetch(`${openai.baseUrl}/models`, {
    headers: { Authorization: `Bearer ${openai.apiKey}` },
    signal,
  });
  const model = `LLM_MODEL (${openai.model})`;
  const body = await response.text();
  if (response.status === 404) {
    return fail('there is no list of models at the address', 'Check OPENAI_BASE_URL');
  }
  if (!response.ok) {
    const answer = { status: response.status, body };
    return refusal({ service: 'OpenAI', key: 'OPENAI_API_KEY', model, answer });
  }
  const models = modelsSchema.parse(JSON.parse(body)).data;
  const found = models.find(({ id }) => id === openai.model);
  if (!found) {
    return fail(`${model} is not among the models of the account`, 'Set LLM_MODEL to one that is');
  }
  if (found.shutdown_date) {
    const detail = `OpenAI takes the key; ${model} is shut down on ${dateOf(found.shutdown_date)}`;
    return warn(detail, 'Set LLM_MODEL to its successor before that day');
  }
  return ok(`OpenAI takes the key and ${model}`);
}

/** Speaking: one short word, synthesised by the voice that calls would hear. */
export async function checkVoice(config: Config, signal: AbortSignal): Promise<Finding> {
  const { provider, model } = config.voice;
  const request = provider === 'deepgram' ? deepgramSpeech(config) : openAiSpeech(config);
  const response = await fetch(request.url, {
    method: 'POST',
    headers: { Authorization: request.authorization, 'Content-Type': 'application/json' },
    body: JSON.stringify(request.body),
    signal,
  });
  const audio = Buffer.from(await response.arrayBuffer());
  const voice = `TTS_MODEL (${model})`;
  if (!response.ok) {
    const answer = { status: response.status, body: audio.toString('utf8') };
    return refusal({ service: request.service, key: request.key, model: voice, answer });
  }
  const type = response.headers.get('content-type') ?? '';
  if (audio.length === 0 || /json|html/.test(type)) {
    return fail(`${request.service} gave no audio for ${voice}`, `Check ${request.address}`);
  }
  if (provider === 'openai') {
    return warn(
      `OpenAI speaks with ${voice}, and ends /audio/speech on 2027-01-06`,
      'Set TTS_PROVIDER=deepgram before that day',
    );
  }
  return ok(`${request.service} speaks with ${voice}`);
}

type SpeechRequest = {
  readonly service: string;
  readonly key: string;
  readonly address: string;
  readonly url: string;
  readonly authorization: string;
  readonly body: object;
};

const shortWord = 'Hello.';

function deepgramSpeech({ deepgram, voice }: Config): SpeechRequest {
  const query = new URLSearchParams({
    model: voice.model,
    encoding: 'linear16',
    container: 'none',
  });
  return {
    service: 'Deepgram',
    key: 'DEEPGRAM_API_KEY',
    address: 'DEEPGRAM_BASE_URL',
    url: `${deepgram.baseUrl}/v1/speak?${query.toString()}`,
    authorization: `Token ${deepgram.apiKey}`,
    body: { text: shortWord },
  };
}

function openAiSpeech({ openai, voice }: Config): SpeechRequest {
  return {
    service: 'OpenAI',
    key: 'OPENAI_API_KEY',
    address: 'OPENAI_BASE_URL',
    url: `${openai.baseUrl}/audio/speech`,
    authorization: `Bearer ${openai.apiKey}`,
    body: { model: voice.model, voice: 'coral', input: shortWord, response_format: 'pcm' },
  };
}

/** Days come as text, or as seconds since the epoch like OpenAI's other times. */
function dateOf(value: string | number): string {
  return typeof value === 'string' ? value : new Date(value * 1_000).toISOString().slice(0, 10);
}

function refusal(options: {
  readonly service: string;
  readonly key: string;
  readonly model: string;
  readonly answer: { readonly status: number; readonly body: string };
}): Finding {
  const { service, key, model } = options;
  const { status, body } = options.answer;
  switch (status) {
    case 401:
    case 403:
      // What was said is left out: OpenAI quotes a part of the key.
      return fail(`${service} refuses the key (${status})`, `Set ${key} to a key that is valid`);
    case 402:
      return fail(`${service} wants to be paid (402)`, `Add credit to the account of ${key}`);
    case 400:
    case 404: {
      const advice = `Set it to a model that ${service} offers to the account`;
      return fail(`${service} does not take ${model}: ${saidIn(body)}`, advice);
    }
    case 429: {
      const advice = `Look at the limits and the credit of the account of ${key}`;
      return fail(`${service} has no room for a request (429): ${saidIn(body)}`, advice);
    }
    default: {
      const advice = `See the status page of ${service}, then run doctor again`;
      return fail(`${service} answered with ${status}`, advice);
    }
  }
}

const errorSchemas = z.union([
  z.object({ err_msg: z.string() }).transform((body) => body.err_msg),
  z.object({ error: z.object({ message: z.string() }) }).transform((body) => body.error.message),
]);

/** The provider's own sentence, or nothing readable. */
function saidIn(body: string): string {
  try {
    return errorSchemas.parse(JSON.parse(body)).slice(0, 200);
  } catch {
    return 'no reason given';
  }
}
