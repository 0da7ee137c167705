import { AgentServer, InferenceRunner, initializeLogger, ServerOptions } from '@livekit/agents';
import { bareAgentName, bareSettings, tell } from './bare-settings.ts';

/** A worker as the framework's documentation has it, for `bare-job.ts`. */

initializeLogger({ pretty: false, level: 'warn' });
// As in Pickup's worker: no process for a turn model that is not used.
Object.defineProperty(InferenceRunner.registeredRunners, 'lk_eot_audio', { value: 'unused' });
const { livekit } = bareSettings();
const server = new AgentServer(
  new ServerOptions({
    agent: new URL('bare-job.ts', import.meta.url).pathname,
    agentName: bareAgentName,
    wsURL: livekit.url,
    apiKey: livekit.apiKey,
    apiSecret: livekit.apiSecret,
    loadFunc: async () => 0,
    numIdleProcesses: livekit.numIdleProcesses,
    initializeProcessTimeout: 60_000,
    host: '127.0.0.1',
    port: 0,
    production: false,
    logLevel: 'warn',
  }),
);
server.event.once('worker_registered', () => tell('bare.registered'));
await server.run();
