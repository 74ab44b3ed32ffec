import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { judgeBotJson } from '../../lib/resources/bot-json.js';
import { botJsonSchema } from '../../lib/resources/bot-json-schema.js';

type Tree = Readonly<Record<string, unknown>>;

const media = { mediaUrl: 'https://x/', mediaContentType: 'image/png', mediaFileSize: 5, height: 'SHORT_HEIGHT' };
const layout = { cardOrientation: 'VERTICAL' };
const card = (content: unknown, at: unknown = layout): Tree => ({
  message: { generalPurposeCard: { layout: at, content } },
});
const carousel = (content: unknown, cardWidth: unknown = 'SMALL_WIDTH'): Tree => ({
  message: { generalPurposeCardCarousel: { layout: { cardWidth }, content } },
});
const reply = { reply: { displayText: 'Yes', postback: { data: 'yes' } } };
const action = (members: Tree): Tree => ({ action: { displayText: 'Do it', postback: { data: 'x' }, ...members } });
const titled = { title: 'One' };

function found(value: unknown): string | undefined {
  const finding = judgeBotJson(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
  return finding && `${finding.part}: ${finding.problem}`;
}

describe('resources/bot-json', () => {
  it('has a schema that is one', () => {
    expect(new Ajv2020().validateSchema(botJsonSchema)).to.equal(true);
  });

  const good: Readonly<Record<string, unknown>> = {
    'a card with all there is': card(
      {
        media: { ...media, thumbnailUrl: 'https://x/t', thumbnailContentType: 'image/png', thumbnailFileSize: 1 },
        title: 'T'.repeat(200),
        description: 'D'.repeat(2000),
        suggestions: [reply, reply, reply, reply],
      },
      { cardOrientation: 'HORIZONTAL', imageAlignment: 'LEFT' },
    ),
    'a carousel of twelve': carousel(Array(12).fill(titled), 'MEDIUM_WIDTH'),
    'eleven chips': { suggestions: Array(11).fill(reply) },
    'characters beyond the first plane count as one': card({ title: '🎉'.repeat(200) }),
    'members and values that are not known': card(
      { title: 'x', new: { a: [1] }, media: { ...media, contentDescription: '' } },
      { ...layout, style: 'https://x/css', titleFontStyle: ['bold'] },
    ),
    'every action': {
      suggestions: [
        { urlAction: { openUrl: { url: 'https://x/', viewMode: 'half' } } },
        { dialerAction: { dialPhoneNumber: { phoneNumber: '+1' } } },
        { dialerAction: { dialEnrichedCall: { phoneNumber: '+1', subject: '' } } },
        { dialerAction: { dialVideoCall: { phoneNumber: '+1', fallbackUrl: 'https://x/' } } },
        { mapAction: { showLocation: { location: { latitude: 1.5, longitude: -2, label: 'L' } } } },
        { mapAction: { showLocation: { location: { query: 'restaurants' } } } },
        { mapAction: { requestLocationPush: {} } },
        {
          calendarAction: {
            createCalendarEvent: { startTime: '2026-01-01T00:00:00Z', endTime: '2026-01-02T00:00:00Z', title: 'T' },
          },
        },
        { composeAction: { composeTextMessage: { phoneNumber: '+1', text: '' } } },
        { deviceAction: { requestDeviceSpecifics: {} } },
        { settingsAction: { disableAnonymization: {} } },
      ].map(action),
    },
    'what users send': { response: { reply: { displayText: 'Yes' } } },
  };
  for (const [name, value] of Object.entries(good)) it(`takes ${name}`, () => expect(found(value)).to.equal(undefined));

  const content = 'message.generalPurposeCard.content';
  const bad: readonly (readonly [unknown, string])[] = [
    ['{"message":', 'JSON: malformed at position 11'],
    ['['.repeat(40), 'JSON: nested deeper than 32 at position 32'],
    ['5', 'JSON: must be object'],
    ['[]', 'JSON: must be object'],
    [{}, 'JSON: must have exactly one of message, suggestions, response, sharedData'],
    [
      { ...card(titled), suggestions: [reply] },
      'JSON: must have exactly one of message, suggestions, response, sharedData',
    ],
    [{ message: {} }, 'message: must have exactly one of generalPurposeCard, generalPurposeCardCarousel'],
    [{ message: { generalPurposeCard: { content: titled } } }, 'message.generalPurposeCard.layout: is required'],
    [{ message: { generalPurposeCard: { layout } } }, 'message.generalPurposeCard.content: is required'],
    [card({}), `${content}: must have one of media, title, description`],
    [card({ title: '' }), `${content}.title: must NOT have fewer than 1 characters`],
    [card({ title: 5 }), `${content}.title: must be string`],
    [card({ title: 'x'.repeat(201) }), `${content}.title: must NOT have more than 200 characters`],
    [card({ description: 'x'.repeat(2001) }), `${content}.description: must NOT have more than 2000 characters`],
    [card({ ...titled, suggestions: [] }), `${content}.suggestions: must NOT have fewer than 1 items`],
    [card({ ...titled, suggestions: Array(5).fill(reply) }), `${content}.suggestions: must NOT have more than 4 items`],
    [
      card(titled, { cardOrientation: 'DIAGONAL' }),
      'message.generalPurposeCard.layout.cardOrientation: must be one of VERTICAL, HORIZONTAL',
    ],
    [card(titled, { cardOrientation: 'HORIZONTAL' }), 'message.generalPurposeCard.layout.imageAlignment: is required'],
    [card({ media: { ...media, height: undefined } }), `${content}.media.height: is required`],
    [card({ media: { ...media, mediaFileSize: '5' } }), `${content}.media.mediaFileSize: must be integer`],
    [
      card({ media: { ...media, thumbnailUrl: 'https://x/' } }),
      `${content}.media: must have properties thumbnailContentType, thumbnailFileSize when property thumbnailUrl is present`,
    ],
    [carousel([titled]), 'message.generalPurposeCardCarousel.content: must NOT have fewer than 2 items'],
    [carousel(Array(13).fill(titled)), 'message.generalPurposeCardCarousel.content: must NOT have more than 12 items'],
    [
      carousel([titled, titled], 'WIDE'),
      'message.generalPurposeCardCarousel.layout.cardWidth: must be one of SMALL_WIDTH, MEDIUM_WIDTH',
    ],
    [
      carousel([titled, { title: 'x'.repeat(201) }]),
      'message.generalPurposeCardCarousel.content[1].title: must NOT have more than 200 characters',
    ],
    [{ suggestions: Array(12).fill(reply) }, 'suggestions: must NOT have more than 11 items'],
    [{ suggestions: [{ ...reply, ...action({}) }] }, 'suggestions[0]: must have exactly one of reply, action'],
    [{ suggestions: [{ reply: {} }] }, 'suggestions[0].reply.displayText: is required'],
    [
      { suggestions: [reply, { reply: { displayText: 'x'.repeat(26) } }] },
      'suggestions[1].reply.displayText: must NOT have more than 25 characters',
    ],
    [
      { suggestions: [{ reply: { displayText: 'x', postback: { data: 'x'.repeat(2049) } } }] },
      'suggestions[0].reply.postback.data: must NOT have more than 2048 characters',
    ],
    [
      { suggestions: [action({ dialerAction: { dialPhoneNumber: {} } })] },
      'suggestions[0].action.dialerAction.dialPhoneNumber.phoneNumber: is required',
    ],
    [
      { suggestions: [action({ mapAction: { showLocation: { location: { latitude: 1 } } } })] },
      'suggestions[0].action.mapAction.showLocation.location: must have property longitude when property latitude is present',
    ],
    [
      {
        suggestions: [
          action({ calendarAction: { createCalendarEvent: { startTime: 's', endTime: 'e', title: 'x'.repeat(101) } } }),
        ],
      },
      'suggestions[0].action.calendarAction.createCalendarEvent.title: must NOT have more than 100 characters',
    ],
    [
      { sharedData: { deviceSpecifics: { deviceModel: 'x'.repeat(11) } } },
      'sharedData.deviceSpecifics.deviceModel: must NOT have more than 10 characters',
    ],
  ];
  const event = { startTime: 's', endTime: 'e', title: 't' };
  const device = { deviceModel: 10, platformVersion: 20, clientVendor: 4, clientVersion: 15 };
  const acts: readonly (readonly [kind: string, act: string, good: Tree, limits: Readonly<Record<string, number>>])[] =
    [
      ['urlAction', 'openUrl', { url: 'https://x/' }, {}],
      ['dialerAction', 'dialPhoneNumber', { phoneNumber: '+1' }, {}],
      ['dialerAction', 'dialEnrichedCall', { phoneNumber: '+1' }, { subject: 60 }],
      ['dialerAction', 'dialVideoCall', { phoneNumber: '+1' }, {}],
      ['calendarAction', 'createCalendarEvent', event, { title: 100, description: 500 }],
      ['composeAction', 'composeTextMessage', { phoneNumber: '+1', text: 't' }, { text: 100 }],
      ['composeAction', 'composeRecordingMessage', { phoneNumber: '+1', type: 'AUDIO' }, {}],
    ];
  for (const [kind, act, whole, limits] of acts) {
    const finds = (members: Tree) => found({ suggestions: [action({ [kind]: { [act]: members } })] });
    const at = `suggestions[0].action.${kind}.${act}`;
    it(`${act} has ${Object.keys(whole).join(', ')}, none of them missing`, () => {
      expect(finds(whole)).to.equal(undefined);
      for (const name of Object.keys(whole))
        expect(finds({ ...whole, [name]: undefined })).to.equal(`${at}.${name}: is required`);
    });
    for (const [name, most] of Object.entries(limits))
      it(`${act} has a ${name} of at most ${most} characters`, () => {
        expect(finds({ ...whole, [name]: 'x'.repeat(most) })).to.equal(undefined);
        expect(finds({ ...whole, [name]: 'x'.repeat(most + 1) })).to.match(/^suggestions.* more than \d+ characters$/);
      });
  }

  for (const [name, most] of Object.entries(device))
    it(`a device says a ${name} of at most ${most} characters`, () => {
      const finds = (length: number) => found({ sharedData: { deviceSpecifics: { [name]: 'x'.repeat(length) } } });
      expect(finds(most)).to.equal(undefined);
      expect(finds(most + 1)).to.equal(
        `sharedData.deviceSpecifics.${name}: must NOT have more than ${most} characters`,
      );
    });

  for (const [name, most] of Object.entries({ label: 100, query: 200 }))
    it(`a place has a ${name} of at most ${most} characters`, () => {
      const where = name === 'query' ? {} : { latitude: 1, longitude: 2 };
      const finds = (text: string) =>
        found({ suggestions: [action({ mapAction: { showLocation: { location: { ...where, [name]: text } } } })] });
      expect(finds('x'.repeat(most))).to.equal(undefined);
      expect(finds('x'.repeat(most + 1))).to.match(/ more than \d+ characters$/);
    });

  it('finds a latitude that is no number', () => {
    const location = { latitude: '1', longitude: 2 };
    expect(found({ suggestions: [action({ mapAction: { showLocation: { location } } })] })).to.match(/must be number$/);
  });

  for (const [value, finding] of bad) it(`finds ${finding}`, () => expect(found(value)).to.equal(finding));

  it('finds what is not UTF-8', () => {
    const bytes = Buffer.from(JSON.stringify(card({ title: '?' })));
    bytes[bytes.indexOf('?')] = 0xff;
    expect(judgeBotJson(bytes)).to.deep.equal({ part: 'JSON', problem: 'is not UTF-8' });
  });

  it('says nothing of the content', () => {
    const secret = { secret: 'hunter2', title: 'hunter2'.repeat(40), suggestions: 'hunter2' };
    for (const value of [card(secret), { hunter2: 1 }, '{"hunter2":'])
      expect(JSON.stringify(found(value))).not.to.contain('hunter2');
  });
});
