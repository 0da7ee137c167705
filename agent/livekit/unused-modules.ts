import { registerHooks } from 'node:module';

/**
 * Loaded before the program into the worker and its jobs (`--import`): agents 1.9.0 loads these
 * packages for what the product never uses (LiveKit Cloud's recordings and traces, video, pretty
 * lines, a command line), some 550 files of 1,700, a quarter of the CPU of a start and 17 MB of each
 * process. The framework gets stand-ins that throw when used; everybody else the packages. To be
 * deleted when the framework loads them where they are used.
 */
export const unusedPackages: readonly string[] = [
  '@opentelemetry/core',
  '@opentelemetry/exporter-metrics-otlp-proto',
  '@opentelemetry/exporter-trace-otlp-proto',
  '@opentelemetry/otlp-exporter-base',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/sdk-trace-node',
  '@opentelemetry/semantic-conventions',
  'commander',
  'fluent-ffmpeg',
  'form-data',
  'pino-pretty',
  'sharp',
  'zod-to-json-schema',
];

const unused = new Set(unusedPackages);

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    unused.has(specifier) && context.parentURL?.includes('/@livekit/agents/dist/')
      ? { url: import.meta.url, format: 'module-typescript', shortCircuit: true }
      : nextResolve(specifier, context),
});

/** @throws {Error} always, called or made anew. */
function standIn(): never {
  throw new Error('A package that agent/livekit/unused-modules.ts leaves out is used after all');
}
/** Told at load time where its program is. */
standIn.setFfmpegPath = () => {};

export default standIn;
export {
  standIn as AggregationTemporality,
  standIn as ATTR_SERVICE_NAME,
  standIn as BatchSpanProcessor,
  standIn as build,
  standIn as Command,
  standIn as CompressionAlgorithm,
  standIn as defaultResource,
  standIn as detectResources,
  standIn as envDetector,
  standIn as ExportResultCode,
  standIn as MeterProvider,
  standIn as NodeTracerProvider,
  standIn as Option,
  standIn as OTLPExporterError,
  standIn as OTLPMetricExporter,
  standIn as OTLPTraceExporter,
  standIn as PeriodicExportingMetricReader,
  standIn as resourceFromAttributes,
  standIn as zodToJsonSchema,
};
