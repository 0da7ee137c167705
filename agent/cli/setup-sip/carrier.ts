import type { SIPInboundTrunkInfo } from 'livekit-server-sdk';

/** The settings to make at the carrier. `text` says them to a person. */
export type CarrierSettings = {
  readonly sipUri: string;
  readonly numbers: readonly string[];
  readonly allowedAddresses: readonly string[];
  readonly username: string | null;
  readonly text: string;
};

/**
 * The carrier's settings for the trunk. LiveKit Cloud's SIP address begins with the project's id
 * without `p_`, which neither LIVEKIT_URL nor the API tells
 * (docs.livekit.io/telephony/start/sip-trunk-setup).
 */
export function carrierSettings(livekitUrl: string, trunk: SIPInboundTrunkInfo): CarrierSettings {
  const isCloud = new URL(livekitUrl).hostname.endsWith('.livekit.cloud');
  const sipUri = isCloud
    ? 'sip:PROJECT.sip.livekit.cloud;transport=tcp'
    : 'sip:GATEWAY:5060;transport=tcp';
  const where = isCloud
    ? 'PROJECT is the id of the project without "p_" (LiveKit Cloud, Settings, Project: SIP URI)'
    : 'GATEWAY is the public address of your livekit-sip, 5060 its sip_port';
  const { numbers, allowedAddresses, authUsername } = trunk;
  const lines = [
    'At the carrier:',
    `  send calls to   ${sipUri}`,
    `                  ${where}`,
    `  number called   ${numbers.join(', ') || 'any'}, sent as E.164 with the plus sign`,
    ...(allowedAddresses.length > 0 ? [`  calls come from ${allowedAddresses.join(', ')}`] : []),
    ...(authUsername ? [`  signs in as     ${authUsername}`] : []),
    '  nobody answers  a number of the yard, after 20 s of ringing and when the trunk fails:',
    '                  docs/sip.md says where; then set CARRIER_FALLBACK to it',
    'Then call the number. npm run doctor says whether all else is ready.',
  ];
  const username = authUsername || null;
  return { sipUri, numbers, allowedAddresses, username, text: lines.join('\n') };
}
