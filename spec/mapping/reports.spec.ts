import { expect } from 'chai';
import { mapLinkReport, mapSpamReport } from '../../lib/mapping/reports.js';
import { linkReportContentType } from '../../lib/wire/rcs/link-report.js';

const dateTime = '2026-11-22T10:00:00Z';

describe('reports', () => {
  it('names the bot that the MESSAGE went to where the spam report names none [IWF-706]', () => {
    const context = { reportId: 'r', senderAddress: 'tel:+15550100001', bot: 'sip:b@x', dateTime };
    expect(mapSpamReport({ messageIds: [] }, context)).to.deep.equal({
      reportId: 'r',
      senderAddress: 'tel:+15550100001',
      chatbot: 'sip:b@x',
      messageId: [],
      dateTime,
    });
    expect(mapSpamReport({ chatbot: 'sip:other@x', messageIds: ['m'] }, context).chatbot).to.equal('sip:other@x');
  });

  it('hands on what the user says of the spam', () => {
    const context = { reportId: 'r', senderAddress: 'tel:+15550100001', bot: 'sip:b@x', dateTime };
    const report = { messageIds: ['m-1', 'm-2'], spamType: 'fraud', freeText: 'too many offers' };
    expect(mapSpamReport(report, context)).to.deep.include({
      messageId: ['m-1', 'm-2'],
      spamType: 'fraud',
      freeText: 'too many offers',
    });
  });

  it('hands a link report on verbatim, with the addresses in it [IWF-901]', () => {
    const xml = '<L><token>sip:t1@x;tk=on</token><user>tel:+15550100001</user></L>';
    expect(mapLinkReport(linkReportContentType, Buffer.from(xml), dateTime)).to.deep.equal({
      alias: 'sip:t1@x;tk=on',
      userAddress: 'tel:+15550100001',
      contentType: linkReportContentType,
      bodyText: xml,
      dateTime,
    });
  });

  for (const [type, found] of [
    ['application/xml', { userAddress: 'tel:+15550100001' }],
    ['text/xml; charset=utf-8', { userAddress: 'tel:+15550100001' }],
    ['application/vnd.example.link+xml', { userAddress: 'tel:+15550100001' }],
    ['application/xml-dtd', {}],
  ] as const)
    it(`${type} is ${'userAddress' in found ? '' : 'not '}read as XML`, () => {
      const bodyText = '<L><user>tel:+15550100001</user></L>';
      expect(mapLinkReport(type, Buffer.from(bodyText), dateTime)).to.deep.equal({
        ...found,
        contentType: type,
        bodyText,
        dateTime,
      });
    });

  it('reads nothing out of a link report that is no XML', () => {
    expect(mapLinkReport('text/plain', Buffer.from('tel:+15550100001'), dateTime)).to.deep.equal({
      contentType: 'text/plain',
      bodyText: 'tel:+15550100001',
      dateTime,
    });
  });
});
