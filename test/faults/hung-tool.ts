import { findEquipmentTool as realTool } from '../../tools/find-equipment.ts';
import { runTool } from '../../tools/tool.ts';
import type { ToolDeps } from '../../tools/tool.ts';

/** For this machine the tool never returns, whatever its signal says. */
const hangsFor = /boom lift/i;

/** `find_equipment` as it is, with one machine that it never comes back from. */
export function findEquipmentTool(deps: ToolDeps): ReturnType<typeof realTool> {
  const tool = realTool(deps);
  const { execute } = tool;
  tool.execute = async (args, options) => {
    if (!hangsFor.test(args.query)) return execute(args, options);
    const use = { name: 'find_equipment', abortSignal: options.abortSignal };
    return runTool(deps, use, () => new Promise<never>(() => {}));
  };
  return tool;
}
