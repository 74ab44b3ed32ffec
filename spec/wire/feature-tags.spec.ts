import { expect } from 'chai';
import fc from 'fast-check';
import {
  hasRcsTags,
  iari,
  icsi,
  parseVersions,
  printAcceptContacts,
  printContactParameters,
  printService,
  readFeatureTags,
  serviceName,
  versionsIntersect,
} from '../../lib/wire/feature-tags.js';
import { fixtures } from './fixtures.js';
import { placeOfRefusal } from './refusal.js';

describe('feature tags [IWF-508]', () => {
  describe('reading: all of these say chat session, chatbot session and version 1', () => {
    for (const [name, bytes] of fixtures('feature-tags/chatbot-session')) {
      it(name, () => {
        const values = bytes.toString().trimEnd().split('\n');
        const tags = readFeatureTags(values);
        expect([...tags.icsis]).to.deep.equal([icsi.session]);
        expect([...tags.iaris]).to.include(iari.chatbot);
        expect([...tags.iaris]).to.not.include(iari.chatbotStandalone);
        expect([...tags.botVersions]).to.deep.equal(['#=1']);
      });
    }
  });

  it('whole names are compared: rcs.chatbot is none of rcs.chatbot.sa', () => {
    const tags = readFeatureTags(['*;+g.3gpp.iari-ref="urn%3Aurn-7%3A3gpp-application.ims.iari.rcs.chatbot.sa"']);
    expect([...tags.iaris]).to.deep.equal(['rcs.chatbot.sa']);
  });

  it('flags stand alone, as TRUE, not as FALSE; what is in the URI does not count', () => {
    const read = (value: string) => readFeatureTags([value]);
    expect(read('<sip:a@b>;+g.gsma.rcs.isbot').isbot).to.equal(true);
    expect(read('<sip:a@b>;+g.gsma.rcs.isbot="TRUE"').isbot).to.equal(true);
    expect(read('<sip:a@b>;+G.GSMA.RCS.ISBOT').isbot).to.equal(true);
    expect(read('<sip:a@b>;+g.gsma.rcs.isbot="FALSE"').isbot).to.equal(false);
    expect(read('<sip:a@b;+g.gsma.rcs.isbot>').isbot).to.equal(false);
    expect(read('"x;+g.gsma.rcs.isbot" <sip:a@b>').isbot).to.equal(false);
    expect(read('<sip:a@b>;+g.gsma.rcs.msgrevoke').msgrevoke).to.equal(true);
    expect(read('<sip:a@b>;+g.gsma.rcs.msgfallback').msgfallback).to.equal(true);
    expect(read('<sip:a@b>;+g.gsma.rcs.cpm.pager-large').pagerLarge).to.equal(true);
  });

  it('keeps names and tags that we do not know', () => {
    const tags = readFeatureTags(['<sip:a@b>;video;+sip.instance="<urn:uuid:1>";+g.3gpp.icsi-ref="urn%3Aother,x.y"']);
    expect([...tags.icsis]).to.deep.equal(['urn:other', 'x.y']);
    expect([...tags.others]).to.deep.equal(['video', '+sip.instance']);
  });

  it('tells an RCS party from any other', () => {
    expect(hasRcsTags(readFeatureTags(['<sip:a@b>;video;audio', '*']))).to.equal(false);
    expect(hasRcsTags(readFeatureTags(['<sip:a@b>;+g.gsma.rcs.isbot']))).to.equal(true);
    expect(hasRcsTags(readFeatureTags(['<sip:a@b>;+g.gsma.rcs.botversion="#=1"']))).to.equal(true);
    expect(hasRcsTags(readFeatureTags(['<sip:a@b>;+g.gsma.rcs.cpm.pager-large']))).to.equal(true);
    for (const name of [icsi.session, icsi.message])
      expect(hasRcsTags(readFeatureTags([`<sip:a@b>${printContactParameters({ icsis: [name] })}`]))).to.equal(true);
    expect(hasRcsTags(readFeatureTags([`<sip:a@b>${printContactParameters({ iaris: [iari.chatbot] })}`]))).to.equal(
      true,
    );
    expect(hasRcsTags(readFeatureTags([]))).to.equal(false);
  });

  it('limits length and number', () => {
    expect(readFeatureTags([`*${';a'.repeat(200)}`]).others.size).to.equal(1);
    expect(placeOfRefusal(() => readFeatureTags([`*${';a'.repeat(201)}`]))).to.equal('header');
    expect(placeOfRefusal(() => readFeatureTags(['x'.repeat(8193)]))).to.equal('header');
  });

  it('versions meet on their intersection; none at all is any', () => {
    const meet = (a: string, b: string) => versionsIntersect(parseVersions(a), parseVersions(b));
    expect(meet('#=1', '#=1,#=2')).to.equal(true);
    expect(meet('#=1', '#=2')).to.equal(false);
    expect(meet('#=1', '#=10')).to.equal(false);
    expect(meet('#=1', '')).to.equal(true);
    expect(meet('', '#=2')).to.equal(true);
  });

  describe('asking for versions: a chatbot of version 1', () => {
    for (const [folder, taken] of [
      ['takes-version-1', true],
      ['refuses-version-1', false],
    ] as const) {
      for (const [name, bytes] of fixtures(`feature-tags/${folder}`)) {
        it(`${taken ? 'is meant by' : 'is not meant by'} ${name}`, () => {
          const asked = readFeatureTags(bytes.toString().trimEnd().split('\n')).botVersions;
          expect(versionsIntersect(parseVersions('#=1'), asked)).to.equal(taken);
          expect(versionsIntersect(asked, parseVersions('#=1'))).to.equal(taken);
        });
      }
    }
  });

  it('versions are ranges that meet where one number lies in both', () => {
    const meet = (a: string, b: string) => versionsIntersect(parseVersions(a), parseVersions(b));
    expect(meet('#>=2', '#<=2')).to.equal(true);
    expect(meet('#>=2', '#<=1')).to.equal(false);
    expect(meet('#1:3', '#2:4')).to.equal(true);
    expect(meet('#1:3', '#4:6,#=3')).to.equal(true);
    expect(meet('#1:3', '#4:6')).to.equal(false);
    expect(meet('#>=1', '#>=7')).to.equal(true);
  });

  it('prints the Contact of a chatbot', () => {
    expect(
      printContactParameters({ icsis: [icsi.session], iaris: [iari.chatbot], isbot: true, botVersions: ['#=1'] }),
    ).to.equal(
      ';+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.session"' +
        ';+g.3gpp.iari-ref="urn%3Aurn-7%3A3gpp-application.ims.iari.rcs.chatbot"' +
        ';+g.gsma.rcs.isbot;+g.gsma.rcs.botversion="#=1"',
    );
    expect(printContactParameters({ msgrevoke: true, msgfallback: true, pagerLarge: true })).to.equal(
      ';+g.gsma.rcs.msgrevoke;+g.gsma.rcs.msgfallback;+g.gsma.rcs.cpm.pager-large',
    );
  });

  it('prints the two Accept-Contacts of a chatbot', () => {
    expect(
      printAcceptContacts({ icsi: icsi.message, iari: iari.chatbotStandalone, botVersions: ['#=1', '#=2'] }),
    ).to.deep.equal([
      '*;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.msg"',
      '*;+g.3gpp.iari-ref="urn%3Aurn-7%3A3gpp-application.ims.iari.rcs.chatbot.sa";+g.gsma.rcs.botversion="#=1,#=2";require;explicit',
    ]);
    expect(printAcceptContacts({ icsi: icsi.session })).to.have.length(1);
  });

  it('prints no name that would break out of its quotes', () => {
    expect(placeOfRefusal(() => printContactParameters({ icsis: ['a";evil="'] }))).to.equal('name');
    expect(placeOfRefusal(() => printContactParameters({ botVersions: ['#=1"\r\n'] }))).to.equal('botversion');
  });

  it('services, as P-Asserted-Service has them', () => {
    expect(serviceName(' urn:urn-7:3gpp-service.ims.icsi.oma.cpm.session')).to.equal('oma.cpm.session');
    expect(serviceName('urn:urn-7:3gppservice.ims.icsi.oma.cpm.msg')).to.equal('oma.cpm.msg');
    expect(printService(icsi.deferred)).to.equal('urn:urn-7:3gpp-service.ims.icsi.oma.cpm.deferred');
  });

  it('round trip', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/);
    const set = fc.uniqueArray(name, { maxLength: 4 });
    const versions = fc.uniqueArray(
      fc.nat(99).map((n) => `#=${n}`),
      { maxLength: 3 },
    );
    const flag = fc.boolean();
    const tags = fc.record({
      icsis: set,
      iaris: set,
      isbot: flag,
      botVersions: versions,
      msgrevoke: flag,
      msgfallback: flag,
      pagerLarge: flag,
    });
    fc.assert(
      fc.property(tags, (made) => {
        const read = readFeatureTags([`<sip:a@b;x=1>${printContactParameters(made)}`]);
        expect({
          ...read,
          icsis: [...read.icsis],
          iaris: [...read.iaris],
          botVersions: [...read.botVersions],
        }).to.deep.equal({
          ...made,
          others: new Set(),
        });
      }),
    );
  });
});
