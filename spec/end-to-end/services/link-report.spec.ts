import { expect } from 'chai';
import { linkReportContentType } from '../../../lib/wire/rcs/link-report.js';
import { refusalOf, subscribe } from '../messages/documents.js';
import { bot, startWorld, type World } from '../world.js';

const document =
  '<?xml version="1.0"?>\n<LinkReport><token>sip:t1@x;tk=on</token><user>tel:+15550100009</user></LinkReport>';

describe('alias link reports over real sockets', () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  it('leaves a report with the network while nobody listens [IWF-904]', async () => {
    expect(await refusalOf(world.phone.sendDocument(bot, linkReportContentType, document))).to.equal(480);
  });

  it('hands it on verbatim, with the addresses in it [IWF-901][IWF-902]', async () => {
    await subscribe(world, 'aliasmgmt');
    await world.phone.sendDocument(bot, linkReportContentType, document);
    const told = await world.platform.waitFor(({ kind }) => kind === 'aliasLinkNotification');
    expect(told.body).to.include({
      callbackData: 'the data',
      alias: 'sip:t1@x;tk=on',
      userAddress: 'tel:+15550100009',
      contentType: linkReportContentType,
      bodyText: document,
    });
  });

  it('knows it by the application rcs.botlink alone, whatever the type [IWF-903]', async () => {
    await world.phone.sendDocument(bot, 'application/vnd.example', 'token=sip:t2@x', [
      'P-Asserted-Identity: <sip:alias@operator.example.net>',
      'Accept-Contact: *;+g.3gpp.iari-ref="urn%3Aurn-7%3A3gpp-application.ims.iari.rcs.botlink"',
    ]);
    const told = await world.platform.waitFor(({ body }) => body['contentType'] === 'application/vnd.example');
    expect(told.body).to.include({ bodyText: 'token=sip:t2@x' }).and.not.have.any.keys('alias', 'userAddress');
  });

  it('refuses XML that is none with 400 [IWF-905]', async () => {
    expect(await refusalOf(world.phone.sendDocument(bot, linkReportContentType, '<LinkReport>'))).to.equal(400);
  });
});
