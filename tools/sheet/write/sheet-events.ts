import type { Log } from '../../../agent/infra/log.ts';

type Of = {
  readonly bookingId: string;
  readonly callId: string | null;
  readonly itemId: string;
};

/** The events of the sheet's writer, with their fields and variants. */
export type SheetEvents = {
  readonly 'sheet.writing': readonly [fields: { readonly epoch: number }];
  readonly 'sheet.write-failed': readonly [
    fields: {
      readonly error: unknown;
      readonly toDo: string | null;
      readonly failures: number;
      /** Null when the store is what failed. */
      readonly waiting: number | null;
      readonly retryInMs: number;
    },
    variant: 'person' | 'passing' | 'again',
  ];
  readonly 'booking.confirmed': readonly [fields: Of];
  readonly 'booking.cancelled': readonly [
    fields: Of & { readonly reason?: null },
    variant: 'by-phone' | 'by-staff',
  ];
  readonly 'booking.conflict': readonly [
    fields: Of & { readonly reason: string | null },
    variant: 'given-away' | 'deleted' | 'moved',
  ];
  readonly 'booking.moved': readonly [fields: Of];
  readonly 'booking.duplicated': readonly [
    fields: { readonly bookingId: string; readonly rows: number; readonly cancelled: number },
  ];
  readonly 'booking.rows-missing': readonly [
    fields: { readonly missing: number; readonly confirmed: number; readonly toDo: string },
  ];
  readonly 'message.delivered': readonly [fields: { readonly code: string }];
  readonly 'unit.status-set': readonly [
    fields: { readonly itemId: string; readonly status: string },
  ];
};

/** The log of the sheet's writer. */
export type SheetLog = Log<SheetEvents>;
