import { Yard } from './stack/yard.ts';
await using yard = await Yard.open({ onProgress: (l) => console.log(l), env: { LOG_LEVEL: 'debug' } });
const t0 = Date.now();
const service = yard.service({ onLine: (l) => console.log(Date.now() - t0, JSON.stringify(l)) });
await service.ready();
console.log('READY', Date.now() - t0);
const call = await yard.call({
  recordTo: '/tmp/pk/rec',
  onEvent: (e) => console.log('   CALLER', JSON.stringify(e)),
  script: [
    { say: 'Hello, do you have a skid steer available tomorrow?' },
    { say: 'How much is it for three days from tomorrow?' },
    { say: 'What are your opening hours?' },
    { say: 'Thanks, that is all. Goodbye.' },
    { waitForEnd: true },
  ],
  maxCallMs: 60000,
});
const report = await call.ended;
console.log(JSON.stringify({ ...report, events: undefined, greeting: { ...report.greeting, agentPcm: undefined }, turns: report.turns.map((t) => ({ ...t, agentPcm: undefined })) }, null, 1));
console.log(yard.deepgram.ttsLog.map((t) => t.text));
console.log('exit', await service.stop());
console.log('STRAYS', service.strays);
