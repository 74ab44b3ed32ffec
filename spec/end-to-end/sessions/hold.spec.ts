/** A user whose side takes nothing for a while: media on hold (RFC 3264 §8.4), over real sockets. */
import { expect } from 'chai';
import { Callee, readMessage } from '../callee.js';
import { KeptLog } from '../kept-log.js';
import { cpim, offer, type RawChat, rawContact, RawPhone } from '../raw-phone.js';
import { startWorld, type World } from '../world.js';

const types = ['a=accept-types:message/cpim', 'a=accept-wrapped-types:*'];

describe('a session on hold', () => {
  let world: World;
  let callee: Callee;
  let phone: RawPhone;
  let chat: RawChat;
  let log: KeptLog;

  async function begin(chatConfig: object = {}): Promise<void> {
    const backoff = { baseMs: 40, factor: 1, maxMs: 40, jitter: 0 };
    const config = { chat: { backoff, ...chatConfig }, sip: { nextHop: callee.operator.hop } };
    world = await startWorld({ log, mode: 'session', platform: { sendDelivered: true }, config });
    phone = await RawPhone.of(world);
    chat = await phone.chat();
  }

  beforeEach(async () => {
    log = new KeptLog();
    callee = await Callee.listen();
  });
  afterEach(async () => {
    phone.close();
    await world.stop();
    await callee.close();
  });

  async function modify(direction: string, cseq: number): Promise<string> {
    const { callId, toTag } = chat;
    const answer = await phone.invite({ callId, toTag, cseq, body: offer([...types, `a=${direction}`]) });
    expect(answer.status).to.equal(200);
    phone.ack(callId, toTag, { cseq });
    return answer.body;
  }

  const sent = (start: string): readonly string[] => callee.operator.seen.filter((text) => text.startsWith(start));

  for (const [theirs, ours] of [
    ['inactive', 'inactive'],
    ['sendonly', 'recvonly'],
  ] as const) {
    it(`(${theirs}) is sent nothing until it goes on, and stays`, async () => {
      await begin();
      expect(await modify(theirs, 2)).to.match(new RegExp(`^a=${ours}\\r$`, 'm'));
      await world.platform.send(rawContact, { text: 'not now' });
      await log.waitFor('message waits', ({ reason }) => reason === 'The session is on hold');
      expect(chat.msrp.unread).to.equal(0);
      await modify('sendrecv', 3);
      expect((await readMessage(chat.msrp)).body?.toString()).to.include('not now');
      expect(sent('INVITE ')).to.have.length(0);
    });
  }

  it('is over at once for what waits, whenever that would have been tried again', async () => {
    await begin({ backoff: { baseMs: 3_600_000, factor: 1, maxMs: 3_600_000, jitter: 0 } });
    await modify('inactive', 2);
    await world.platform.send(rawContact, { text: 'as soon as you can' });
    await log.waitFor('message waits', ({ reason }) => reason === 'The session is on hold');
    await modify('sendrecv', 3);
    expect((await readMessage(chat.msrp)).body?.toString()).to.include('as soon as you can');
  });

  it('has a description of its own each time: the version in its o= rises [RFC 3264 §8]', async () => {
    await begin();
    const versionOf = (sdp: string): string => /^o=- \d+ (\d+) /m.exec(sdp)?.[1] ?? '';
    const answers = [await modify('inactive', 2), await modify('inactive', 3), await modify('sendrecv', 4)];
    expect(answers.map(versionOf)).to.deep.equal(['2', '2', '3']);
  });

  it('has a description whose sess-id no gateway before has used [RFC 8866 §5.2]', async () => {
    const beforeMs = Date.now();
    await begin();
    const [, id = ''] = /^o=- (\d+) /m.exec(await modify('inactive', 2)) ?? [];
    expect(Number(id)).to.be.at.least(beforeMs);
  });

  it('(sendonly) is heard, and the receipt goes by MESSAGE', async () => {
    await begin();
    await modify('sendonly', 2);
    expect(await chat.say(cpim('listen', { id: 'heard-1', ask: 'positive-delivery' }))).to.equal(200);
    expect(await callee.operator.waitFor('MESSAGE ')).to.include('<message-id>heard-1</message-id>');
    expect(chat.msrp.unread).to.equal(0);
  });

  it('(recvonly) is none: the user’s side takes what is sent', async () => {
    await begin();
    await modify('recvonly', 2);
    await world.platform.send(rawContact, { text: 'for your eyes' });
    expect((await readMessage(chat.msrp)).body?.toString()).to.include('for your eyes');
  });

  it('ends like any that nobody uses: what waits goes in a new one', async () => {
    await begin({ idleTimeoutS: 1 });
    await modify('inactive', 2);
    await world.platform.send(rawContact, { text: 'held for too long' });
    await phone.requested('BYE');
    expect((await readMessage(await callee.session())).body?.toString()).to.include('held for too long');
  });
});
