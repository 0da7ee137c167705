import { bookEquipmentTool } from './book-equipment.ts';
import { createBookingTalk } from './dialogue/dialogue-memory.ts';
import { callOffRentTool } from './call-off-rent.ts';
import { cancelBookingTool } from './cancel-booking.ts';
import { changeBookingTool } from './change-booking.ts';
import { endCallTool } from './end-call.ts';
import { findBookingTool } from './find-booking.ts';
import { findEquipmentTool } from './find-equipment.ts';
import { quoteDeliveryTool } from './quote-delivery.ts';
import { quoteRentalTool } from './quote-rental.ts';
import { textConfirmationsTool } from './text-confirmations.ts';
import { takeMessageTool } from './take-message.ts';
import type { ToolDeps } from './tool.ts';
import { transferToHumanTool } from './transfer-to-human.ts';

/** All that the model can do, by the names it calls them; handed to the agent as its `tools`. */
export function createTools(deps: ToolDeps, talk = createBookingTalk()) {
  return {
    find_equipment: findEquipmentTool(deps),
    quote_rental: quoteRentalTool(deps),
    quote_delivery: quoteDeliveryTool(deps),
    book_equipment: bookEquipmentTool(deps, talk),
    find_booking: findBookingTool(deps, talk),
    cancel_booking: cancelBookingTool(deps, talk),
    change_booking: changeBookingTool(deps, talk),
    call_off_rent: callOffRentTool(deps, talk),
    take_message: takeMessageTool(deps, talk),
    transfer_to_human: transferToHumanTool(deps),
    ...(deps.sendsTexts && { text_confirmations: textConfirmationsTool(deps, talk) }),
    end_call: endCallTool(deps, talk),
  };
}
