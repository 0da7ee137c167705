/** An event of a call's timeline in a few words, for people. */
export function eventText(event: string, data: Readonly<Record<string, unknown>>): string {
  const of = (name: string) => {
    const value = data[name];
    return typeof value === 'string' || typeof value === 'number' ? `${value}` : '';
  };
  switch (event) {
    case 'call.incoming':
      return 'rings';
    case 'call.answered':
      return `is answered after ${of('ringMs')} ms`;
    case 'call.notices':
      return `was told that nobody human speaks${data['isWhole'] === true ? '' : ', and broke in'}`;
    case 'call.ended':
      return `ended: ${of('result')}, ${of('reason')}`;
    case 'call.escalated':
      return `goes to a person: ${of('kind')}`;
    case 'call.transferred':
      return `transfer to a person: ${of('outcome')}`;
    case 'call-back.noted':
      return 'is to be called back';
    case 'tool.used':
      return `${of('tool')}${data['ok'] === false ? ' failed' : ''}`;
    case 'job.resumed':
      return `goes on in another process (${of('kind')})`;
    case 'attendant.handed-over':
      return 'has an agent of its own';
    case 'gap.detected':
      return `nothing heard for ${of('silentMs')} ms`;
    case 'gap.recovered':
      return 'is heard again';
    case 'speech.withheld':
      return `a sentence was left out: ${of('kind')}`;
    default:
      return event.replace(/[.-]/g, ' ');
  }
}
