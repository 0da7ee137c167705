import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { SipClient } from 'livekit-server-sdk';
import { loadConfig } from '../../../../agent/config/config.ts';
import { runSetupSip } from '../../../../agent/cli/setup-sip/setup-sip.ts';
import { startSipFront } from '../../../harness/emulators/livekit-sip.ts';
import { minimalEnvironment } from '../../../harness/environment.ts';

const number = '+15550100';
const restricted = ['--number', number, '--allow-address', '192.0.2.0/24'];
const password = 'a-sip-password';

/** The SIP API of a LiveKit project, and the command run against it. */
async function project(t: TestContext, overrides: Record<string, string> = {}) {
  const env = minimalEnvironment({ CARRIER_PASSWORD: password });
  const apiKey = String(env['LIVEKIT_API_KEY']);
  const apiSecret = String(env['LIVEKIT_API_SECRET']);
  const front = await startSipFront({ upstreamUrl: 'http://127.0.0.1:1', apiKey, apiSecret });
  t.after(() => front.close());
  const config = loadConfig({ ...env, LIVEKIT_URL: front.wsUrl, ...overrides });
  const sip = new SipClient(front.url, apiKey, apiSecret);
  const setUp = async (args: readonly string[], json = false) => {
    let output = '';
    const write = (text: string) => void (output += text);
    const exitCode = await runSetupSip({ config: () => config, env, args, json, write });
    assert.ok(!output.includes(password) && !output.includes(apiSecret), 'no secret is shown');
    return { exitCode, output };
  };
  const state = () => JSON.stringify([[...front.trunks], [...front.rules]]);
  return { front, sip, setUp, state };
}

const linesOf = (output: string) =>
  output
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));

test('makes a trunk and a rule that brings the agent into a room without the caller’s number', async (t) => {
  const { front, setUp } = await project(t);
  const { exitCode, output } = await setUp(restricted);
  assert.equal(exitCode, 0, output);
  const [trunk] = front.trunks.values();
  const [rule] = front.rules.values();
  assert.equal(trunk?.name, 'pickup');
  assert.deepEqual(trunk?.numbers, [number]);
  assert.deepEqual(trunk?.allowedAddresses, ['192.0.2.0/24']);
  assert.equal(rule?.name, 'pickup');
  assert.deepEqual(rule?.trunkIds, [trunk?.sipTrunkId]);
  assert.deepEqual(rule?.rule?.toJson(), {
    dispatchRuleCallee: { roomPrefix: 'call', randomize: true },
  });
  assert.equal(rule?.hidePhoneNumber, false, 'the agent is told who calls');
  assert.deepEqual(
    rule?.roomConfig?.agents.map((agent) => agent.agentName),
    ['pickup'],
  );
  assert.match(output, /trunk "pickup" \(ST_\w+\): created/);
  assert.match(output, /rule "pickup" \(SDR_\w+\): created/);
  assert.match(output, /sip:GATEWAY:5060;transport=tcp/);
});

test('run twice, it changes nothing', async (t) => {
  const { front, setUp, state } = await project(t);
  await setUp(restricted);
  const before = state();
  const { exitCode, output } = await setUp(restricted);
  assert.equal(exitCode, 0);
  assert.equal(state(), before);
  assert.equal(front.faults.count('UpdateSIPInboundTrunk'), 0);
  assert.equal(front.faults.count('UpdateSIPDispatchRule'), 0);
  assert.match(output, /trunk "pickup" .*unchanged/);
});

test('without options only the rule is brought up to date', async (t) => {
  const { front, sip, setUp } = await project(t, { AGENT_NAME: 'pickup-next' });
  const trunk = await sip.createSipInboundTrunk('pickup', [number], {
    allowedAddresses: ['192.0.2.0/24'],
    headersToAttributes: { 'X-Yard': 'yard' },
  });
  await setUp([]);
  const { exitCode, output } = await setUp([]);
  assert.equal(exitCode, 0, output);
  assert.deepEqual(front.trunks.get(trunk.sipTrunkId)?.headersToAttributes, { 'X-Yard': 'yard' });
  const [rule] = front.rules.values();
  assert.equal(rule?.roomConfig?.agents[0]?.agentName, 'pickup-next');
});

test('an update names what changed, and keeps what no option names', async (t) => {
  const { front, setUp } = await project(t);
  await setUp(restricted);
  const login = ['--username', 'carrier', '--password-env', 'CARRIER_PASSWORD'];
  const { exitCode, output } = await setUp(login, true);
  assert.equal(exitCode, 0, output);
  const [first] = linesOf(output);
  assert.deepEqual(Object(first)['changes'], ['username: none -> carrier', 'password']);
  const [trunk] = front.trunks.values();
  assert.deepEqual(trunk?.allowedAddresses, ['192.0.2.0/24']);
  assert.equal(trunk?.authPassword, password);
});

test('a trunk made by hand for the same number is taken over as it is named', async (t) => {
  const { front, sip, setUp } = await project(t);
  await sip.createSipInboundTrunk('By hand', ['15550100']);
  const { exitCode, output } = await setUp(restricted);
  assert.equal(exitCode, 0, output);
  assert.equal(front.trunks.size, 1);
  const [trunk] = front.trunks.values();
  assert.equal(trunk?.name, 'By hand');
  assert.deepEqual(trunk?.allowedAddresses, ['192.0.2.0/24']);
});

test('a rule of ours that named rooms by the caller does so no longer', async (t) => {
  const { front, sip, setUp } = await project(t);
  await setUp(restricted);
  const [id] = front.rules.keys();
  const [trunkId] = front.trunks.keys();
  await sip.deleteSipDispatchRule(String(id));
  await sip.createSipDispatchRule(
    { type: 'individual', roomPrefix: 'x' },
    { name: 'pickup', trunkIds: [String(trunkId)], hidePhoneNumber: true },
  );
  const { exitCode, output } = await setUp([]);
  assert.equal(exitCode, 0, output);
  assert.match(output, /room names: .*Individual.* -> .*Callee/);
  assert.equal([...front.rules.values()][0]?.rule?.rule.case, 'dispatchRuleCallee');
});

const conflicts: Record<string, (sip: SipClient) => Promise<unknown>> = {
  'another trunk has the number': (sip) =>
    sip.createSipInboundTrunk('Other', [number, '+15550101']),
  'another rule takes the calls': async (sip) => {
    const trunk = await sip.createSipInboundTrunk('pickup', [number]);
    const trunkIds = [trunk.sipTrunkId];
    await sip.createSipDispatchRule({ type: 'direct', roomName: 'r' }, { name: 'Other', trunkIds });
  },
  'two trunks have our name': async (sip) => {
    await sip.createSipInboundTrunk('pickup', ['+15550101']);
    await sip.createSipInboundTrunk('pickup', ['+15550102']);
  },
};
for (const [name, arrange] of Object.entries(conflicts)) {
  test(`changes nothing when ${name}`, async (t) => {
    const { sip, setUp, state } = await project(t);
    await arrange(sip);
    const before = state();
    const { exitCode, output } = await setUp(restricted, true);
    assert.equal(exitCode, 1);
    assert.equal(Object(linesOf(output).at(-1))['code'], 'SETUP_SIP_CONFLICT');
    assert.match(output, /"(Other|pickup)\\?"/);
    assert.equal(state(), before);
  });
}

test('a trunk that anyone could call in by is refused, unless asked for', async (t) => {
  const { front, setUp } = await project(t);
  const refused = await setUp(['--number', number]);
  assert.equal(refused.exitCode, 1);
  assert.match(refused.output, /Anyone .*--allow-address.*--unrestricted/s);
  assert.equal(front.trunks.size, 0);
  const allowed = await setUp(['--number', number, '--unrestricted']);
  assert.equal(allowed.exitCode, 0, allowed.output);
  assert.equal((await setUp([])).exitCode, 1, 'and is refused again when nobody asks for it');
});

test('--dry-run says what would be done, and does nothing', async (t) => {
  const { front, setUp } = await project(t);
  const { exitCode, output } = await setUp([...restricted, '--dry-run']);
  assert.equal(exitCode, 0);
  assert.match(output, /trunk "pickup": would be created/);
  assert.match(output, /rule "pickup": would be created/);
  assert.equal(front.trunks.size + front.rules.size, 0);
});

const wrongOptions: Record<string, readonly string[]> = {
  'a number that is not E.164': ['--number', '555-0100'],
  'an address that is none': [...restricted, '--allow-address', '10.0.0.0/33'],
  'a network of every address': ['--number', number, '--allow-address', '0.0.0.0/0'],
  'a username alone': [...restricted, '--username', 'carrier'],
  'a password variable that is not set': [
    '--number',
    number,
    '--username',
    'carrier',
    '--password-env',
    'NOT_SET',
  ],
  'contradicting options': [...restricted, '--unrestricted'],
  'an unknown option': ['--nmber', number],
  'no number for a new trunk': ['--allow-address', '192.0.2.1'],
};
for (const [name, args] of Object.entries(wrongOptions)) {
  test(`exits 2 for ${name}`, async (t) => {
    const { front, setUp } = await project(t);
    const { exitCode, output } = await setUp(args);
    assert.equal(exitCode, 2, output);
    assert.match(output, /--/);
    assert.equal(front.trunks.size, 0);
  });
}

test('says whose fault it is when LiveKit does not do it', async (t) => {
  const { front, setUp } = await project(t);
  const codes: Record<number, string> = { 401: 'SETUP_SIP_KEY', 500: 'SETUP_SIP_REFUSED' };
  for (const [status, code] of Object.entries(codes)) {
    front.faults.next('ListSIPInboundTrunk', { do: 'refuse', status: Number(status) });
    const { exitCode, output } = await setUp(restricted, true);
    assert.equal(exitCode, 1);
    assert.equal(Object(linesOf(output).at(-1))['code'], code);
  }
  await front.close();
  const { exitCode, output } = await setUp(restricted);
  assert.equal(exitCode, 1);
  assert.match(output, /cannot be reached .*LIVEKIT_URL/);
});

test('on LiveKit Cloud the carrier is told the project’s SIP address', async (t) => {
  const { carrierSettings } = await import('../../../../agent/cli/setup-sip/carrier.ts');
  const { setUp, front } = await project(t);
  await setUp(restricted);
  const [trunk] = front.trunks.values();
  assert.ok(trunk);
  const { sipUri, text } = carrierSettings('wss://yard-abc.livekit.cloud', trunk);
  assert.equal(sipUri, 'sip:PROJECT.sip.livekit.cloud;transport=tcp');
  assert.match(text, /without "p_"/);
});

test('--help shows the options and asks nobody', async (t) => {
  const { front, setUp } = await project(t);
  await front.close();
  const { exitCode, output } = await setUp(['--help']);
  assert.equal(exitCode, 0);
  assert.match(output, /--allow-address CIDR/);
});
