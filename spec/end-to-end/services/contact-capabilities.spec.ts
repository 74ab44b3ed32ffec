/** What the network's answer to OPTIONS makes of a contact, over real sockets: one question for many who ask, and what each answer means. */
import { expect } from 'chai';
import { Operator, type OperatorAnswer } from '../operator.js';
import { bot, startWorld, type World } from '../world.js';

const tagged =
  'Contact: <sip:phone@127.0.0.1:9>;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.session";+g.gsma.rcs.msgrevoke';

describe('asking the network about a contact', () => {
  let operator: Operator;
  let world: World;

  before(async () => {
    operator = await Operator.listen();
    world = await startWorld({
      config: { sip: { nextHop: operator.hop, keepAliveS: 0 }, capabilities: { timeoutS: 1 } },
    });
  });
  after(async () => {
    await world.stop();
    await operator.close();
  });

  const get = (number: string, query = '') =>
    world.platform.request(
      'GET',
      `/capabilitydiscovery/v1/${encodeURIComponent(bot)}/contactCapabilities/${encodeURIComponent(`tel:${number}`)}${query}`,
    );
  const asked = (number: string): number =>
    operator.seen.filter((text) => text.startsWith('OPTIONS ') && text.includes(number)).length;
  const capabilities = (body: unknown): readonly string[] =>
    (
      body as { contactServiceCapabilities: { serviceCapability: { capabilityId: string }[] } }
    ).contactServiceCapabilities.serviceCapability.map(({ capabilityId }) => capabilityId);

  it('asks once for all who ask at once, and again only on demand [IWF-503][IWF-504]', async () => {
    operator.answer = () => ({ statusLine: '200 OK', lines: [tagged] });
    const answers = await Promise.all(Array.from({ length: 10 }, () => get('+15550100201')));
    expect(answers.map(({ status }) => status)).to.deep.equal(Array<number>(10).fill(200));
    expect(asked('+15550100201')).to.equal(1);
    await get('+15550100201');
    expect(asked('+15550100201')).to.equal(1);
    await get('+15550100201', '?refresh');
    expect(asked('+15550100201')).to.equal(2);
  });

  it('reads msgrevoke from the answer [IWF-416]', async () => {
    operator.answer = () => ({ statusLine: '200 OK', lines: [tagged] });
    expect(capabilities((await get('+15550100202')).body)).to.deep.equal(['Chat', 'MessageRevoke']);
  });

  it('says in a list what a contact cannot do, where the filter asks for it [IWF-518]', async () => {
    operator.answer = () => ({ statusLine: '200 OK', lines: [tagged] });
    const [one, all] = ['tel:+15550100208', `/capabilitydiscovery/v1/${encodeURIComponent(bot)}/contactCapabilities`];
    const listed = async (query: string): Promise<readonly string[]> => {
      const { body } = await world.platform.request('POST', `${all}${query}`, { adhocContactList: { contactId: one } });
      return [...JSON.stringify(body).matchAll(/"capabilityId":"(\w+)","status":"(\w+)"/g)].map(
        ([, id, status]) => `${id} ${status}`,
      );
    };
    const enabled = ['Chat Enabled', 'MessageRevoke Enabled'];
    expect(await listed('')).to.deep.equal(enabled);
    expect(await listed('?statusFilter=enabled')).to.deep.equal(enabled);
    const disabled = await listed('?statusFilter=Disabled');
    expect(disabled).to.have.length(9).and.to.include('ChatbotSession Disabled').and.not.include.members(enabled);
    expect(await listed('?statusFilter=All')).to.have.members([...enabled, ...disabled]);
  });

  it('gives up in its own time where no answer comes, and asks anew the next time [IWF-1725]', async () => {
    operator.answer = () => undefined;
    const told = await get('+15550100207');
    expect(told.status).to.equal(503);
    expect(JSON.stringify(told.body)).to.include('"SVC1000"');
    operator.answer = () => ({ statusLine: '200 OK', lines: [tagged] });
    expect((await get('+15550100207')).status).to.equal(200);
  });

  const rows: readonly (readonly [what: string, number: string, answer: OperatorAnswer, status: number, id: string])[] =
    [
      ['offline and known: 480 with tags', '+15550100203', { statusLine: '480 Away', lines: [tagged] }, 200, ''],
      ['not an RCS user: 404', '+15550100204', { statusLine: '404 Not Found' }, 404, 'SVC2008'],
      ['not an RCS user: 200 without any tag', '+15550100205', { statusLine: '200 OK' }, 404, 'SVC2008'],
      ['unknown: 480 without tags', '+15550100206', { statusLine: '480 Away' }, 503, 'SVC1000'],
    ];
  for (const [what, number, answer, status, id] of rows) {
    it(`${what} is ${status} [IWF-505][IWF-506][IWF-507]`, async () => {
      operator.answer = () => answer;
      const told = await get(number);
      expect(told.status).to.equal(status);
      expect(JSON.stringify(told.body)).to.include(id === '' ? '"Chat"' : `"${id}"`);
    });
  }
});
