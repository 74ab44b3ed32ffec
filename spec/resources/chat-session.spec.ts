import { expect } from 'chai';
import { ApiError } from '../../lib/resources/api-error.js';
import {
  parseChatSession,
  parseParticipantStatus,
  printChatSession,
  urlOfSession,
} from '../../lib/resources/chat-session.js';
import { parseXml, printXml } from '../../lib/resources/forms/xml-form.js';

const session = {
  id: 's1',
  originatorAddress: 'sip:b@x',
  tParticipantAddress: 'tel:+1',
  subject: 'hi',
  status: 'Invited',
} as const;
const owner = { serverRoot: 'https://gw.example', bot: 'sip:b@x' };

describe('chatSessionInformation', () => {
  it('is read without what is the server’s to say', () => {
    const body = { subject: 'hi', originatorAddress: 'sip:other@x', status: 'Connected', resourceURL: 'x', more: 1 };
    expect(parseChatSession({ chatSessionInformation: body })).to.deep.equal({ subject: 'hi' });
  });

  it('is read with all that a bot may say', () => {
    const body = {
      ...{ clientCorrelator: 'c', subject: 'hi', originatorName: 'Shop' },
      ...{ tParticipantAddress: 'tel:+1', tParticipantName: 'Ann' },
    };
    expect(parseChatSession({ chatSessionInformation: body })).to.deep.equal(body);
  });

  it('is read without a subject where that is empty, in either form', () => {
    const body = { clientCorrelator: 'c', subject: '', tParticipantAddress: 'tel:+1' };
    const read = { clientCorrelator: 'c', tParticipantAddress: 'tel:+1' };
    expect(parseChatSession({ chatSessionInformation: body })).to.deep.equal(read);
    expect(parseChatSession(parseXml(printXml({ chatSessionInformation: body })))).to.deep.equal(read);
  });

  it('prints its place, and comes back from its XML form', () => {
    const printed = printChatSession(session, owner);
    expect(printed).to.deep.equal({
      chatSessionInformation: {
        subject: 'hi',
        originatorAddress: 'sip:b@x',
        tParticipantAddress: 'tel:+1',
        status: 'Invited',
        resourceURL: 'https://gw.example/chat/v1/sip%3Ab%40x/oneToOne/tel%3A%2B1/s1',
      },
    });
    expect(parseChatSession(parseXml(printXml(printed)))).to.deep.equal({
      subject: 'hi',
      tParticipantAddress: 'tel:+1',
    });
  });

  it('stands under the user’s address, whichever side has invited', () => {
    const { originatorAddress, tParticipantAddress } = session;
    const invited = { ...session, originatorAddress: tParticipantAddress, tParticipantAddress: originatorAddress };
    expect(urlOfSession(invited, owner)).to.equal(urlOfSession(session, owner));
  });

  for (const body of [{ subject: 'a\r\nVia: b' }, { originatorName: '' }, { tParticipantAddress: 'not a URI' }]) {
    it(`refuses ${JSON.stringify(body)} [IWF-1219]`, () => {
      expect(() => parseChatSession({ chatSessionInformation: body })).to.throw(ApiError);
    });
  }
});

describe('participantSessionStatus', () => {
  it('is Connected, in whatever case, and nothing else', () => {
    expect(parseParticipantStatus({ participantSessionStatus: { status: 'connected' } })).to.equal('Connected');
    const other = { participantSessionStatus: { status: 'Invited' } };
    expect(() => parseParticipantStatus(other))
      .to.throw(ApiError)
      .with.property('id', 'SVC0003');
  });
});
