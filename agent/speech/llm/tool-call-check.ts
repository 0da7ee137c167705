import type { llm } from '@livekit/agents';
import { ThinkingFault } from './llm-request.ts';

/** The model called tools in a way that must not run. `wrong` has a sentence for each bad call. */
export class WrongCalls extends ThinkingFault {
  readonly wrong: readonly string[];

  constructor(wrong: readonly string[]) {
    super('malformed');
    this.wrong = wrong;
  }
}

/**
 * Checks tool calls before any of them runs. Stricter than the framework, which mends broken JSON
 * by guessing, and then runs the tool.
 * @throws {WrongCalls} when a tool is unknown, or its arguments are not what it takes.
 */
export async function checkCalls(
  calls: readonly llm.FunctionCall[],
  tools: llm.ToolContext | undefined,
): Promise<void> {
  const checked = await Promise.all(calls.map((call) => whatIsWrong(call, tools)));
  const wrong = checked.filter((sentence) => sentence !== undefined);
  if (wrong.length > 0) throw new WrongCalls(wrong);
}

async function whatIsWrong(
  { name, args }: llm.FunctionCall,
  tools: llm.ToolContext | undefined,
): Promise<string | undefined> {
  const tool = tools?.getFunctionTool(name);
  if (!tool) return `There is no tool ${name}.`;
  const parsed = parse(args);
  if (!isObject(parsed)) return `The arguments of ${name} were not a JSON object.`;
  const issues = await issuesOf(tool.parameters, parsed);
  if (issues.length === 0) return undefined;
  return `The arguments of ${name} were wrong: ${issues.join('; ')}.`;
}

/** Issues by Standard Schema (standardschema.dev), as zod has it; a bare JSON Schema has none. */
async function issuesOf(schema: unknown, value: object): Promise<string[]> {
  const standard = isObject(schema) ? schema['~standard'] : undefined;
  const validate = isObject(standard) ? standard['validate'] : undefined;
  if (typeof validate !== 'function') return [];
  const { issues = [] } = (await validate(value)) as {
    issues?: readonly { readonly message: string; readonly path?: readonly unknown[] }[];
  };
  return issues.map(({ message, path = [] }) => [...path, message].join(': '));
}

/** A tool without arguments may be called with none at all. */
function parse(args: string): unknown {
  try {
    return JSON.parse(args || '{}');
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
