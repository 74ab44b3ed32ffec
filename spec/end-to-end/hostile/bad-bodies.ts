/** Bodies that are wrong: every way to spoil one, and where the refusal must point. */
import { printXml } from '../../../lib/resources/forms/xml-form.js';
import { callbackReference, chat, discovery, type Resource, withUser } from '../platforms/body-resources.js';

export const json = 'application/json';
export const xml = 'application/xml';
export const maxBodyBytes = 4096;

interface Wrong {
  readonly what: string;
  readonly type: string;
  readonly body: (resource: Resource) => string | Buffer;
  /** Of the answer: status, identifier, first variable; and what the second says. */
  readonly expected: (resource: Resource) => readonly [status: number, id: string, part: RegExp, problem: RegExp];
}

const jsonOf = ({ root, good }: Resource): string => JSON.stringify({ [root]: good });
export const xmlOf = ({ root, good }: Resource): string => printXml({ [root]: good });
const body400 = (part: RegExp, problem: RegExp) => () => [400, 'SVC0002', part, problem] as const;
const inJson = (problem: RegExp): Wrong['expected'] => body400(/^JSON$/, problem);
const inXml = (problem: RegExp): Wrong['expected'] => body400(/^XML$/, problem);
const atRoot = ({ root }: Resource): readonly [number, string, RegExp, RegExp] => [
  400,
  'SVC0002',
  new RegExp(`(^| or )${root}( or |$)`),
  /./,
];
const below = ({ root }: Resource): readonly [number, string, RegExp, RegExp] => [
  400,
  'SVC0002',
  new RegExp(`^${root}\\.`),
  /more than once|elements where/,
];
const tooLarge = (): readonly [number, string, RegExp, RegExp] => [413, 'SVC0280', /^4096$/, /^$/];

export const wrong: readonly Wrong[] = [
  { what: 'nothing', type: json, body: () => '', expected: inJson(/position 0$/) },
  { what: 'a half', type: json, body: (one) => jsonOf(one).slice(0, -3), expected: inJson(/position \d+$/) },
  { what: 'more behind it', type: json, body: (one) => `${jsonOf(one)}}`, expected: inJson(/position \d+$/) },
  {
    what: 'a comma too many',
    type: json,
    body: (one) => jsonOf(one).replace(/}$/, ',}'),
    expected: inJson(/position/),
  },
  { what: 'XML', type: json, body: xmlOf, expected: inJson(/position 0$/) },
  { what: 'UTF-16', type: json, body: (one) => Buffer.from(jsonOf(one), 'utf16le'), expected: inJson(/position 1$/) },
  {
    what: 'UTF-16 with its mark',
    type: json,
    body: (one) => Buffer.from(`\ufeff${jsonOf(one)}`, 'utf16le'),
    expected: inJson(/^not UTF-8$/),
  },
  {
    what: 'ISO 8859-1',
    type: json,
    body: (one) => Buffer.from(jsonOf(one).replace('"', '"é'), 'latin1'),
    expected: inJson(/^not UTF-8$/),
  },
  {
    what: 'a member twice',
    type: json,
    body: ({ root, good }) => `{"${root}":${JSON.stringify(good)},"${root}":${JSON.stringify(good)}}`,
    expected: inJson(/more than once at position \d+$/),
  },
  {
    what: 'depth',
    type: json,
    body: ({ root }) => `{"${root}":${'['.repeat(500)}${']'.repeat(500)}}`,
    expected: inJson(/deeper than 32 at position \d+$/),
  },
  { what: 'too much', type: json, body: (one) => jsonOf(one) + ' '.repeat(maxBodyBytes), expected: tooLarge },
  { what: 'a list', type: json, body: (one) => `[${jsonOf(one)}]`, expected: atRoot },
  { what: 'null', type: json, body: () => 'null', expected: atRoot },
  { what: 'no root', type: json, body: ({ good }) => JSON.stringify(good), expected: atRoot },
  { what: 'two roots', type: json, body: ({ root, good }) => JSON.stringify({ [root]: good, x: 1 }), expected: atRoot },
  { what: 'a prefix', type: json, body: (one) => jsonOf(one).replace(one.root, `ns:${one.root}`), expected: atRoot },
  { what: 'a text as root', type: json, body: ({ root }) => JSON.stringify({ [root]: 'x' }), expected: atRoot },
  { what: 'null as root', type: json, body: ({ root }) => JSON.stringify({ [root]: null }), expected: atRoot },

  { what: 'nothing', type: xml, body: () => '', expected: inXml(/line 1, column 0$/) },
  { what: 'a half', type: xml, body: (one) => xmlOf(one).slice(0, -9), expected: inXml(/line 2, column \d+$/) },
  { what: 'more behind it', type: xml, body: (one) => `${xmlOf(one)}<x/>`, expected: inXml(/line 2, column \d+$/) },
  { what: 'JSON', type: xml, body: jsonOf, expected: inXml(/line 1, column \d+$/) },
  {
    what: 'a document type',
    type: xml,
    body: (one) => xmlOf(one).replace('\n', '\n<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>'),
    expected: inXml(/document type at line 2, column \d+$/),
  },
  {
    what: 'an entity of its own',
    type: xml,
    body: (one) => xmlOf(one).replace(/<\/[^<]*$/, '&y;$&'),
    expected: inXml(/line 2, column \d+$/),
  },
  {
    what: 'an encoding that it says it has',
    type: xml,
    body: (one) => xmlOf(one).replace('UTF-8', 'ISO-8859-1'),
    expected: inXml(/encoding other than UTF-8 at line 1, column \d+$/),
  },
  {
    what: 'ISO 8859-1',
    type: xml,
    body: (one) => Buffer.from(`${xmlOf(one)}<!-- é -->`, 'latin1'),
    expected: inXml(/^not UTF-8$/),
  },
  {
    what: 'UTF-16',
    type: xml,
    body: (one) => Buffer.from(`\ufeff${xmlOf(one)}`, 'utf16le'),
    expected: inXml(/^not UTF-8$/),
  },
  {
    what: 'a prefix that is nobody’s',
    type: xml,
    body: (one) => xmlOf(one).replace(/ xmlns:\w+="[^"]*"/, ''),
    expected: inXml(/line 2, column \d+$/),
  },
  {
    what: 'another namespace',
    type: xml,
    body: (one) => xmlOf(one).replace(/urn:oma[^"]*/, 'urn:x'),
    expected: atRoot,
  },
  {
    what: 'no namespace',
    type: xml,
    body: (one) =>
      xmlOf(one)
        .replace(/ xmlns:\w+="[^"]*"/, '')
        .replaceAll(/(<\/?)\w+:/g, '$1'),
    expected: atRoot,
  },
  {
    what: 'another resource’s root',
    type: xml,
    body: () => printXml({ spamReport: { reportId: 'x' } }),
    expected: atRoot,
  },
  {
    what: 'a root that nobody knows',
    type: xml,
    body: (one) => xmlOf(one).replaceAll(one.root, 'other'),
    expected: inXml(/unknown root element/),
  },
  { what: 'text', type: xml, body: (one) => xmlOf(one).replace(/<\/[^<]*$/, 'text$&'), expected: atRoot },
  {
    what: 'depth',
    type: xml,
    body: (one) => xmlOf(one).replace(/<\/[^<]*$/, `${'<a>'.repeat(40)}${'</a>'.repeat(40)}$&`),
    expected: inXml(/deeper than 32 at line 2, column \d+$/),
  },
  { what: 'too much', type: xml, body: (one) => xmlOf(one) + ' '.repeat(maxBodyBytes), expected: tooLarge },
  {
    what: 'an element in place of a text',
    type: xml,
    body: (one) => xmlOf(one).replace(/>([^<>\s][^<>]*)</, '><x/>$1<'),
    expected: below,
  },
];

/** By root: an element that may stand once. */
export const doubled: Readonly<Record<string, string>> = {
  chatMessage: 'text',
  isComposing: 'state',
  messageStatusReport: 'status',
  chatSessionInformation: 'subject',
  participantSessionStatus: 'status',
  chatNotificationSubscription: 'callbackReference',
  capabilityNotificationSubscription: 'callbackReference',
  spamReportNotificationSubscription: 'callbackReference',
  aliasNotificationSubscription: 'callbackReference',
  capabilitySource: 'serviceCapability.capabilityId',
  privacyCommandStatus: 'result',
  notificationChannel: 'channelType',
};

/** Right in one of the two dialects of JSON, and not in the other; or in neither. */
export const dialects: readonly (readonly [path: string, body: object, expected: string])[] = [
  [`${withUser}/adhoc/messages`, { chatMessage: { text: 5 } }, 'SVC0002 chatMessage.text'],
  [`${withUser}/adhoc/messages`, { chatMessage: { text: true } }, 'SVC0002 chatMessage.text'],
  [`${withUser}/adhoc/messages`, { chatMessage: { text: ['hi'] } }, 'SVC0002 chatMessage.text'],
  [`${withUser}/adhoc/messages`, { chatMessage: { text: { $: 'hi' } } }, 'SVC0002 chatMessage.text'],
  [`${withUser}/adhoc/messages`, { chatMessage: [{ text: 'hi' }] }, 'SVC0002 chatMessage'],
  [`${withUser}/adhoc/messages`, { chatMessage: { text: 'x', expiry: '60.0' } }, 'SVC0002 chatMessage.expiry'],
  [`${withUser}/adhoc/messages`, { chatMessage: { text: 'x', expiry: ' 60' } }, 'SVC0002 chatMessage.expiry'],
  [`${withUser}/adhoc/messages`, { chatMessage: { text: 'x', expiry: '6e1' } }, 'SVC0002 chatMessage.expiry'],
  [`${withUser}/adhoc/messages`, { chatMessage: { text: 'x', expiry: '+60' } }, 'SVC0002 chatMessage.expiry'],
  [`${withUser}/adhoc/messages`, { chatMessage: { text: 'x', expiry: [60] } }, 'SVC0002 chatMessage.expiry'],
  [`${withUser}/adhoc/messages`, { chatMessage: { text: 'x', expiry: 60.5 } }, 'SVC0002 chatMessage.expiry'],
  [
    `${withUser}/adhoc/messages`,
    { chatMessage: { text: 'x', expiry: '9007199254740993' } },
    'SVC0002 chatMessage.expiry',
  ],
  [
    `${withUser}/adhoc/messages`,
    { chatMessage: { text: 'x', reportRequest: '' } },
    'SVC0003 chatMessage.reportRequest[0]',
  ],
  [
    `${withUser}/adhoc/messages`,
    { chatMessage: { text: 'x', reportRequest: null } },
    'SVC0002 chatMessage.reportRequest[0]',
  ],
  [
    `${withUser}/adhoc/messages`,
    { chatMessage: { text: 'x', reportRequest: 'Sent,Delivered' } },
    'SVC0003 chatMessage.reportRequest[0]',
  ],
  [
    `${withUser}/adhoc/messages`,
    { chatMessage: { text: 'x', reportRequest: { Sent: true } } },
    'SVC0002 chatMessage.reportRequest[0]',
  ],
  [
    `${withUser}/adhoc/messages`,
    { chatMessage: { text: 'x', reportRequest: [['Sent']] } },
    'SVC0002 chatMessage.reportRequest[0]',
  ],
  [
    `${withUser}/adhoc/messages`,
    { chatMessage: { text: 'x', serviceCapability: 'ChatbotSA' } },
    'SVC0002 chatMessage.serviceCapability[0]',
  ],
  [`${withUser}/adhoc/messages`, { isComposing: { state: 'active', refresh: '1m' } }, 'SVC0002 isComposing.refresh'],
  [`${withUser}/adhoc/messages`, { isComposing: { state: ['active'] } }, 'SVC0002 isComposing.state'],
  [
    `${chat}/subscriptions`,
    { chatNotificationSubscription: { callbackReference, confirmedChatSupported: 'TRUE' } },
    'SVC0002 chatNotificationSubscription.confirmedChatSupported',
  ],
  [
    `${chat}/subscriptions`,
    { chatNotificationSubscription: { callbackReference, confirmedChatSupported: 1 } },
    'SVC0002 chatNotificationSubscription.confirmedChatSupported',
  ],
  [
    `${chat}/subscriptions`,
    { chatNotificationSubscription: { callbackReference: [callbackReference] } },
    'SVC0002 chatNotificationSubscription.callbackReference',
  ],
  [
    `${chat}/subscriptions`,
    { chatNotificationSubscription: { callbackReference, duration: '1h' } },
    'SVC0002 chatNotificationSubscription.duration',
  ],
  [
    `${discovery}/capabilitySources`,
    { capabilitySource: { serviceCapability: [{ capabilityId: ['Chat'] }] } },
    'SVC0002 capabilitySource.serviceCapability[0].capabilityId',
  ],
  [
    `${discovery}/contactCapabilities`,
    { adhocContactList: { contactId: [5] } },
    'SVC0002 adhocContactList.contactId[0]',
  ],
];
