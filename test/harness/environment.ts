/** The least that the configuration needs, with values that name no real account. */
export function minimalEnvironment(
  overrides: Readonly<Record<string, string | undefined>> = {},
): Record<string, string | undefined> {
  return {
    LIVEKIT_URL: 'ws://127.0.0.1:7880',
    LIVEKIT_API_KEY: 'devkey',
    LIVEKIT_API_SECRET: 'livekit-secret-of-32-letters-xxx',
    DEEPGRAM_API_KEY: 'deepgram-key-of-the-test',
    OPENAI_API_KEY: 'openai-key-of-the-test',
    GOOGLE_SHEET_ID: 'yard-1',
    SHEETS_BASE_URL: 'http://127.0.0.1:1',
    ...overrides,
  };
}
