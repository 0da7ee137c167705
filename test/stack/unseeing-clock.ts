import { existsSync } from 'node:fs';
import { RtpStats as RealClock } from '../../agent/call/media/rtp-stats.ts';

/** As it is, but for the looks while the file of `FALSE_ALARM` is there: they find no packet. */
export class RtpStats extends RealClock {
  constructor(...[room, { onSample = () => {} } = {}]: ConstructorParameters<typeof RealClock>) {
    const isFalseAlarm = () => existsSync(process.env['FALSE_ALARM'] ?? '');
    super(room, {
      onSample: (sample) => onSample(isFalseAlarm() ? { ...sample, packets: 0 } : sample),
    });
  }
}
