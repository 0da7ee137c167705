import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { minimalEnvironment } from '../harness/environment.ts';
import { quantile } from './statistics.ts';

type Size = { readonly rssMb: number; readonly startMs: number };

/** The sizes of a job process as it is, and of one that holds a Google client besides. */
export async function measureJobProcess({ starts }: { readonly starts: number }) {
  const ours: Size[] = [];
  const withGoogleClient: Size[] = [];
  // The first of each fills the file cache.
  await startOnce('ours');
  await startOnce('with-google-client');
  for (let n = 0; n < starts; n += 1) {
    ours.push(await startOnce('ours'));
    withGoogleClient.push(await startOnce('with-google-client'));
  }
  const medians = (value: (size: Size) => number) => ({
    withGoogleClient: Math.round(quantile(withGoogleClient.map(value), 0.5)),
    ours: Math.round(quantile(ours.map(value), 0.5)),
  });
  return { jobRssMb: medians(({ rssMb }) => rssMb), jobStartMs: medians(({ startMs }) => startMs) };
}

async function startOnce(kind: 'ours' | 'with-google-client'): Promise<Size> {
  const program = fileURLToPath(new URL('job-process-start.ts', import.meta.url));
  const { PATH } = process.env;
  const startedMs = performance.now();
  const child = spawn(process.execPath, ['--expose-gc', program, kind], {
    env: { ...minimalEnvironment(), PATH },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [rssBytes] = (await once(child, 'message')) as [number];
  const startMs = performance.now() - startedMs;
  child.kill('SIGKILL');
  await once(child, 'exit');
  return { rssMb: rssBytes / 1e6, startMs };
}
