import type { LineEvents } from '../../../../agent/ipc/server.ts';

/** A supervisor that minds nothing of what it hears; a test adds what it is about. */
export const noEvents: LineEvents = {
  onJobStage: () => {},
  onJobAsks: () => {},
  onHandOver: () => {},
  onAttendant: () => {},
  onAttending: () => {},
  onAttended: () => {},
  onSpoke: () => {},
  onAttendantMetrics: () => {},
  onAttendantGone: () => {},
  onMetrics: () => {},
  onJobGone: () => {},
  onWorker: () => {},
  onWorkerLink: () => {},
  onWorkerDraining: () => {},
  onWorkerGone: () => {},
  onAsked: () => {},
  onAccepted: () => {},
  onRefused: () => {},
  onIgnored: () => {},
};
