/** Answers to our INVITE whose Contact cannot be read, over real sockets. */
import { expect } from 'chai';
import type { NetworkBot, Opened, SessionDelegate } from '../../../lib/sip/network.js';
import { Callee } from '../../end-to-end/callee.js';
import { FakeClock } from '../../support/fake-clock.js';
import { type NetworkNode, startNetwork } from '../network-node.js';

const bot: NetworkBot = { uri: 'sip:shop@botplatform.example.net', version: '#=1', roles: ['session'] };
const delegate: SessionDelegate = { onMessage: () => Promise.resolve(undefined), onEnd: () => undefined };
/** More of feature tags than is read. */
const unreadable = `Contact: <sip:called@192.0.2.9>${';x=y'.repeat(3000)}`;

describe('a Contact that cannot be read [IWF-1629]', () => {
  let node: NetworkNode;
  let callee: Callee;

  beforeEach(async () => {
    callee = await Callee.listen();
    node = await startNetwork(new FakeClock(), {
      onInvitation: () => undefined,
      onMessage: () => undefined,
      onCapabilityQuery: () => undefined,
    });
  });
  afterEach(async () => {
    await node.close();
    await callee.close();
  });

  const open = (): Promise<Opened> =>
    node.network.openSession(
      {
        bot,
        userUri: `sip:+15550100002@127.0.0.1:${callee.operator.port};transport=tcp`,
        ids: { conversationId: 'c', contributionId: 'c' },
      },
      delegate,
    );

  it('in a refusal: the refusal counts, and tells nothing more', async () => {
    callee.refusal = { statusLine: '486 Busy Here', lines: [unreadable] };
    const opened = await open();
    expect(opened.kind === 'refused' && [opened.outcome.status, opened.outcome.tags.icsis.size]).to.deep.equal([
      486, 0,
    ]);
  });

  it('in a 2xx: the call stands, and can be ended', async () => {
    callee.lines = [unreadable];
    const opening = open();
    await callee.session();
    const opened = await opening;
    if (opened.kind !== 'open') throw new Error(opened.kind);
    void opened.session.close();
    await callee.operator.waitFor('BYE ');
  });
});
