import { ConfigError, loadConfig } from '../../config/config.ts';
import type { Config } from '../../config/config.ts';
import { brokenRelations } from '../../config/timeouts.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const leastNodeMajor = 24;

/** TypeScript runs as it is, and `node:sqlite` without a flag, from Node 24 on. */
export function checkNode(version: string): Finding {
  const isNewEnough = Number.parseInt(version, 10) >= leastNodeMajor;
  if (isNewEnough) return ok(`Node ${version}`);
  const advice = `Use Node ${leastNodeMajor}: npm scripts of this project bring their own`;
  return fail(`Node ${version} is older than ${leastNodeMajor}`, advice);
}

/** The configuration, when every variable is usable. */
export function readEnvironment(env: Environment): { config: Config | null; finding: Finding } {
  try {
    return { config: loadConfig(env), finding: ok('every variable is usable') };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const advice =
      'Set them in .env.local or as variables of the service (.env.example lists them all); the other checks run when all are usable';
    return { config: null, finding: fail(error.problems.join('; '), advice) };
  }
}

/** Warns of time budgets that do not fit together. */
export function checkBudgets({ timeouts }: Config): Finding {
  const broken = brokenRelations(timeouts);
  if (broken.length === 0) return ok('the time budgets fit together');
  return warn(broken.join('; '), 'Change one of the two, or leave both at their defaults');
}

/** Checks that the platform lets calls that are up end by themselves at a deploy. */
export function checkPlatform(env: Environment, config: Config): Finding {
  const { platform, timeouts, drainGraceMs } = config;
  if (platform === 'other') return ok('not on Railway');
  if (platform === 'railway-volume') {
    return warn(
      'Railway with a volume: each deploy has downtime, and new calls are missed meanwhile',
      'Add a Postgres service and set DATABASE_URL to its address',
    );
  }
  const variable = 'RAILWAY_DEPLOYMENT_DRAINING_SECONDS';
  // More than the drain itself: what remains is ended, and its record written.
  const neededSeconds = Math.ceil((timeouts.drainMs + timeouts.closeMs) / 1_000);
  const advice = `Set ${variable} to ${Math.max(1_800, neededSeconds)} (or lower DRAIN_MS)`;
  const value = env[variable]?.trim();
  if (!value) {
    const detail = `${variable} is not set: without railway.json, which Railway stops reading on 2026-12-01, a deploy would cut calls`;
    return warn(detail, advice);
  }
  const explicit = env['DRAIN_GRACE_MS']?.trim();
  if (!(Number(value) >= (explicit ? drainGraceMs / 1_000 : 0))) {
    const detail = `${variable} is not as long as DRAIN_GRACE_MS, ${drainGraceMs / 1_000} s: Railway would cut calls that the drain still counts on`;
    return fail(detail, `${advice}, and leave DRAIN_GRACE_MS out: it follows from that`);
  }
  const graceSeconds = drainGraceMs / 1_000;
  if (graceSeconds < neededSeconds) {
    const detail = `${explicit ? 'DRAIN_GRACE_MS' : variable} is short: a call that no new deployment takes is ended with a sentence ${graceSeconds} s after a deploy`;
    return warn(detail, explicit ? `${advice}, and leave DRAIN_GRACE_MS out` : advice);
  }
  return ok(`Railway waits ${value} s for calls at a deploy`);
}
