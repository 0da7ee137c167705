/** Loads what a job process loads; with `with-google-client`, what it would hold to read the sheet. */
import { loadConfig } from '../../agent/config/config.ts';

await import('../../agent/call/job.ts');
const [, , kind] = process.argv;
if (kind === 'with-google-client') {
  const { createSheetsClient } = await import('../../tools/sheet/client/sheets-client.ts');
  const { sheet } = loadConfig();
  const { baseUrl } = sheet;
  createSheetsClient({
    spreadsheetId: sheet.id,
    auth: sheet.auth,
    ...(baseUrl === null ? {} : { baseUrl }),
  });
}
globalThis.gc?.();
process.send?.(process.memoryUsage.rss());
