import { expect } from 'chai';
import type { Schema } from '../../lib/resources/forms/schema.js';
import { resourceRoots } from '../../lib/resources/roots.js';

/** Where a bound stands elsewhere: the body's own size, the list's length (POL0003), the reader of a status alone. */
const boundElsewhere = [
  'chatMessage.text',
  'chatMessage.bodyText',
  'adhocContactList.contactId',
  'messageStatusReport.description',
];
/** What becomes no header: content, data that is echoed in bodies alone, addresses that are read as such. */
const ofManyLines = [...boundElsewhere, 'adhocContactList.contactId[]', 'callbackReference.callbackData'];

/** Every schema of a value that a client may send, with its place. */
function given(schema: Schema, place: string): readonly (readonly [place: string, schema: Schema])[] {
  if (schema.readOnly === true) return [];
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, one]) => given(one, `${place}.${name}`));
  const items = schema.items === undefined ? [] : given(schema.items, `${place}[]`);
  return [[place, schema], ...members, ...items];
}

const isOf = (places: readonly string[], place: string) => places.some((one) => place.endsWith(one));

describe('resources: what a client may send', () => {
  const roots = [
    ...['chatMessage', 'isComposing', 'messageStatusReport', 'chatSessionInformation', 'adhocContactList'],
    ...['chatNotificationSubscription', 'capabilitySource', 'privacyCommandStatus'],
    ...['notificationChannel', 'notificationChannelLifetime'],
  ];
  for (const root of roots) {
    const all = given(resourceRoots[root]!.schema, root);

    it(`${root}: every text, list and number has a bound`, () => {
      for (const [place, { type, enum: words, maxLength, maxItems, minimum, maximum }] of all) {
        if (isOf(boundElsewhere, place)) continue;
        if (type === 'string' && words === undefined) expect(maxLength, place).to.be.within(1, 4096);
        if (type === 'array') expect(maxItems, place).to.be.within(1, 10_000);
        if (type === 'integer') expect([minimum, maximum], place).to.not.include(undefined);
      }
    });

    it(`${root}: no text holds a line break, and begins a header of its own (RFC 3261 §25.1)`, () => {
      for (const [place, { type, enum: words, pattern = '' }] of all) {
        if (type !== 'string' || words !== undefined || isOf(ofManyLines, place)) continue;
        for (const evil of ['a:b\r\nVia: c', 'a/b\nVia: c', 'a:\u0000'])
          expect(new RegExp(pattern, 'u').test(evil), place).to.equal(false);
      }
    });
  }
});
