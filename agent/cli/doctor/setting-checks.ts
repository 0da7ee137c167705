import { ConfigError, loadConfig } from '../../config/config.ts';
import type { Config } from '../../config/config.ts';
import { brokenRelations } from '../../config/timeouts.ts';
import { fail, ok, warn, type Finding } from '../../config/finding.ts';

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
