import { randomUUID } from 'node:crypto';
import { fail, ok, warn, type Finding } from '../../config/finding.ts';
import type { Config } from '../../config/config.ts';
import { SignedWebhook, WebhookRefusedError } from '../../telemetry/signed-webhook.ts';

/**
 * Looks whether the receiver of confirmations answers, and that nobody reads along. With `sendsTest`
 * an event of the type `pickup.test` is signed and sent, which no customer hears of.
 * @throws as `fetch` does when nothing answers.
 */
export async function checkConfirmations(
  receiver: NonNullable<Config['confirmations']>,
  { signal, sendsTest }: { readonly signal: AbortSignal; readonly sendsTest: boolean },
): Promise<Finding> {
  const { protocol, hostname } = new URL(receiver.url);
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  if (protocol !== 'https:' && !isHere) {
    return fail(
      'names and numbers of customers would go over an open line',
      'Use an https address in CONFIRMATION_WEBHOOK_URL',
    );
  }
  if (!sendsTest) {
    const response = await fetch(receiver.url, { method: 'HEAD', redirect: 'manual', signal });
    await response.body?.cancel();
    if (response.status >= 500) {
      return warn(`answers ${response.status}`, 'Look into the log of the receiver');
    }
    return ok('answers; npm run doctor -- --send-test signs an event and sends it');
  }
  const timestamp = new Date().toISOString();
  const body = JSON.stringify({ type: 'pickup.test', timestamp, data: {} });
  try {
    await new SignedWebhook(receiver).post(`msg_${randomUUID()}`, body, signal);
  } catch (error) {
    if (!(error instanceof WebhookRefusedError)) throw error;
    const isSecret = error.status === 401 || error.status === 403 || error.status === 400;
    const advice = isSecret
      ? 'Check that it verifies with CONFIRMATION_WEBHOOK_SECRET'
      : 'Look into the log of the receiver';
    return fail(`answered a signed event with ${error.status}`, advice);
  }
  return ok('took a signed event');
}
