import { expect } from 'chai';
import { ApiError } from '../../lib/resources/api-error.js';
import {
  type Channel,
  parseAcknowledgement,
  parseChannel,
  parseChannelLifetime,
  printChannel,
  printChannelLifetime,
  printChannelList,
  printNotificationList,
} from '../../lib/resources/channel.js';
import { parseXml, printXml } from '../../lib/resources/forms/xml-form.js';

const channel: Channel = {
  id: 'c1',
  platformId: 'p',
  bot: 'sip:b@x',
  channelType: 'LongPolling',
  maxNotifications: 5,
  maxWaitTime: 30,
  channelLifetime: 600,
  applicationTag: 'tag',
};
const view = { serverRoot: 'https://gw.example/base', remainingS: 599 };
const root = 'https://gw.example/base/notificationchannel/v1/sip%3Ab%40x/channels/c1';

const errorOf = (work: () => unknown): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    return error instanceof ApiError ? `${error.id} ${error.variables.join(': ')}` : String(error);
  }
};

describe('notificationChannel', () => {
  it('is read in both dialects, and what is the server’s to say is dropped', () => {
    const channelData = { channelURL: 'http://evil.example/', maxNotifications: '3', maxWaitTime: 10 };
    const body = { channelType: 'websockets', channelData, channelLifetime: '60', callbackURL: 'http://evil.example/' };
    expect(parseChannel({ notificationChannel: body })).to.deep.equal({
      channelType: 'WebSockets',
      maxNotifications: 3,
      maxWaitTime: 10,
      channelLifetime: 60,
    });
  });

  it('prints its URLs from the serverRoot, and what remains of its life', () => {
    expect(printChannel(channel, view)).to.deep.equal({
      notificationChannel: {
        applicationTag: 'tag',
        channelType: 'LongPolling',
        channelData: { channelURL: `${root}/notifications`, maxNotifications: 5, maxWaitTime: 30 },
        channelLifetime: 599,
        callbackURL: `${root}/callback`,
        resourceURL: root,
      },
    });
    const socket = printChannel({ ...channel, channelType: 'WebSockets' }, view);
    expect(socket).to.have.nested.property(
      'notificationChannel.channelData.channelURL',
      `${root}/notifications`.replace('https', 'wss'),
    );
  });

  it('prints the list of them, and what remains of one, with their places', () => {
    const owner = { serverRoot: view.serverRoot, bot: channel.bot };
    const list = printChannelList(owner, [{ channel, remainingS: 5 }]);
    expect(list).to.deep.equal({
      notificationChannelList: {
        notificationChannel: [printChannel(channel, { ...view, remainingS: 5 })['notificationChannel']],
        resourceURL: root.replace(/\/c1$/, ''),
      },
    });
    expect(printXml(list)).to.contain('<channelLifetime>5</channelLifetime>');
    expect(printChannelLifetime(channel, view)).to.deep.equal({
      notificationChannelLifetime: { channelLifetime: 599, resourceURL: `${root}/channelLifetime` },
    });
  });

  it('comes back from its XML form', () => {
    const xml = printXml(printChannel(channel, view));
    expect(parseChannel(parseXml(xml))).to.deep.include({ channelType: 'LongPolling', maxNotifications: 5 });
  });

  const refused: readonly (readonly [what: string, body: object, error: RegExp])[] = [
    ['no type', {}, /^SVC0002 notificationChannel\.channelType/],
    ['a type that is not ours', { channelType: 'Push' }, /^POL1023 Push: LongPolling, WebSockets$/],
    ['a life of no time', { channelType: 'LongPolling', channelLifetime: 0 }, /^SVC0002 .*channelLifetime/],
    ['no notifications at all', { channelType: 'LongPolling', channelData: { maxNotifications: 0 } }, /^SVC0002 /],
    ['a tag of two lines', { channelType: 'LongPolling', applicationTag: 'a\nb' }, /^SVC0002 .*applicationTag/],
  ];
  for (const [what, body, error] of refused) {
    it(`refuses ${what}`, () => {
      expect(errorOf(() => parseChannel({ notificationChannel: body }))).to.match(error);
    });
  }

  it('reads a new life', () => {
    expect(parseChannelLifetime({ notificationChannelLifetime: { channelLifetime: 60 } })).to.equal(60);
    expect(errorOf(() => parseChannelLifetime({ notificationChannelLifetime: {} }))).to.match(/^SVC0002 /);
  });
});

describe('notificationList', () => {
  it('holds each notification as it is, or null', () => {
    expect(printNotificationList([])).to.deep.equal({ notificationList: null });
    expect(printNotificationList(['{"a":{"b":"é\\u0000"}}'])).to.deep.equal({
      notificationList: [{ a: { b: 'é\0' } }],
    });
  });

  it('has an XML form, also when it is empty', () => {
    expect(printXml(printNotificationList([]))).to.match(/<nc:notificationList xmlns:nc="[^"]+"\/>$/);
  });
});

describe('an acknowledgement', () => {
  it('names notificationIds', () => {
    expect(parseAcknowledgement({ ack: ['a', 'b'] })).to.deep.equal(['a', 'b']);
    expect(parseAcknowledgement({ ack: Array(10_000).fill('a') })).to.have.length(10_000);
  });

  const hostile: readonly unknown[] = [null, [], {}, { ack: 'a' }, { ack: [1] }, { ack: new Array(10_001).fill('a') }];
  for (const body of hostile) {
    it(`is not ${JSON.stringify(body).slice(0, 40)}`, () => {
      expect(errorOf(() => parseAcknowledgement(body))).to.match(/^SVC0002 ack/);
    });
  }
});
