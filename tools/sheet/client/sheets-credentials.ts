import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { SheetsError } from './sheets-error.ts';

/**
 * The way to sign in to Google: a service account's key (its JSON, raw or base64), the file of one
 * (`GOOGLE_APPLICATION_CREDENTIALS`), or none (an emulator on loopback).
 */
export type SheetsAuth =
  | { readonly kind: 'service-account'; readonly json: string }
  | { readonly kind: 'adc-file'; readonly path: string }
  | { readonly kind: 'none' };

/** The two fields of a service account's key that signing needs. */
export type ServiceAccount = { readonly client_email: string; readonly private_key: string };

const serviceAccountSchema = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(1),
  private_key: z.string().includes('PRIVATE KEY'),
});

/**
 * Reads and checks the key.
 * @throws {SheetsError} `SHEETS_BAD_CREDENTIALS`, without a word of the key in it.
 */
export function readServiceAccount(auth: Exclude<SheetsAuth, { kind: 'none' }>): ServiceAccount {
  const text = auth.kind === 'adc-file' ? readKeyFile(auth.path) : auth.json;
  const parsed = serviceAccountSchema.safeParse(parseKey(text));
  if (!parsed.success) {
    const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'JSON').join(', ');
    throw badCredentials(`The Google key is not a service account's: check ${fields}`);
  }
  // A key pasted into an environment variable often has its line ends written out.
  const privateKey = parsed.data.private_key.replaceAll(String.raw`\n`, '\n');
  return { client_email: parsed.data.client_email, private_key: privateKey };
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw badCredentials('The file that GOOGLE_APPLICATION_CREDENTIALS names cannot be read');
  }
}

function parseKey(text: string): unknown {
  const trimmed = text.trim();
  const json = trimmed.startsWith('{') ? trimmed : Buffer.from(trimmed, 'base64').toString('utf8');
  try {
    return JSON.parse(json) as unknown;
  } catch {
    throw badCredentials('The Google key is neither JSON nor base64 of JSON');
  }
}

function badCredentials(message: string): SheetsError {
  return new SheetsError('SHEETS_BAD_CREDENTIALS', message);
}
