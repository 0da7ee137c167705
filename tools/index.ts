import { endCallTool } from './end-call.ts';
import { findEquipmentTool } from './find-equipment.ts';
import { quoteRentalTool } from './quote-rental.ts';
import type { ToolDeps } from './tool.ts';

/** All that the model can do, by the names it calls them; handed to the agent as its `tools`. */
export function createTools(deps: ToolDeps) {
  return {
    find_equipment: findEquipmentTool(deps),
    quote_rental: quoteRentalTool(deps),
    end_call: endCallTool(deps),
  };
}
