import { expect } from 'chai';
import { spamReportContentType } from '../../../lib/wire/rcs/spam-report.js';
import { refusalOf, subscribe } from '../messages/documents.js';
import { describeOnEachEngine } from '../each-engine.js';
import { bot, contact, startWorld, type World } from '../world.js';

const reports = `/spamreport/v1/${encodeURIComponent(bot)}/reports`;

function document(freeText: string): string {
  return `<?xml version="1.0"?>
<SR xmlns="urn:gsma:params:xml:ns:rcs:rcs:spamreport"><Chatbot>${bot}</Chatbot><Message-ID>m1</Message-ID>
<Message-ID>m2</Message-ID><spam-type>Fraud</spam-type><free-text>${freeText}</free-text></SR>`;
}

describeOnEachEngine('spam reports over real sockets', (engine) => {
  let world: World;

  before(async () => {
    world = await startWorld({ engine, config: { retention: { spamReportsPerBot: 2 } } });
  });
  after(() => world.stop());

  const kept = async (): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const { body } = await world.platform.request('GET', reports);
    return (body as { spamReportList: { spamReport: Readonly<Record<string, unknown>>[] } }).spamReportList.spamReport;
  };

  it('keeps a report where nobody listens, shows it and forgets it [IWF-701]', async () => {
    await world.phone.sendDocument(bot, spamReportContentType, document('unheard'));
    const [report] = await kept();
    expect(report).to.include({ senderAddress: contact, chatbot: bot, spamType: 'Fraud', freeText: 'unheard' });
    expect(report?.['messageId']).to.deep.equal(['m1', 'm2']);
    const url = String(report?.['resourceURL']);
    expect((await world.platform.request('GET', url)).body).to.have.nested.property('spamReport.freeText', 'unheard');
    expect((await world.platform.request('DELETE', url)).status).to.equal(204);
    expect((await world.platform.request('GET', url)).status).to.equal(404);
    expect((await world.platform.request('DELETE', url)).status).to.equal(404);
  });

  it('tells subscriptions of it [IWF-702]', async () => {
    await subscribe(world, 'spamreport');
    await world.phone.sendDocument(bot, spamReportContentType, document('told'));
    const told = await world.platform.waitFor(({ kind }) => kind === 'spamReportNotification');
    expect(told.body).to.include({ callbackData: 'the data' });
    expect(told.body['spamReport']).to.include({ senderAddress: contact, freeText: 'told' });
  });

  it('refuses what cannot be read with 400, and types that nobody takes with 415 [IWF-705]', async () => {
    const sent = (type: string, content: string) => refusalOf(world.phone.sendDocument(bot, type, content));
    expect(await sent(spamReportContentType, '<SR xmlns="urn:gsma:params:xml:ns:rcs:rcs:spamreport">')).to.equal(400);
    expect(await sent(spamReportContentType, `<!DOCTYPE SR>${document('x')}`)).to.equal(400);
    expect(await sent('application/vnd.example+xml', '<x/>')).to.equal(415);
  });

  it('keeps so many of a bot: the oldest goes [retention.spamReportsPerBot] [IWF-704]', async () => {
    for (const text of ['first', 'second', 'third']) {
      await world.phone.sendDocument(bot, spamReportContentType, document(text));
    }
    expect((await kept()).map((report) => report['freeText'])).to.deep.equal(['second', 'third']);
  });
});
