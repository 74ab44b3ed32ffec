/** What platforms send: bodies in JSON and XML against every form, Accept, notifyURLs; and what of all that reaches the log. */
import { parseAllowList, parseNotifyUrl } from '../../../lib/notify/callback/allow-list.js';
import { parseNetwork } from '../../../lib/notify/callback/ip-address.js';
import { numberMask } from '../../../lib/log/mask-numbers.js';
import { printableFields } from '../../../lib/log/printable.js';
import { ApiError } from '../../../lib/resources/api-error.js';
import { parseAdhocContactList } from '../../../lib/resources/capabilities.js';
import { parseCapabilitySource } from '../../../lib/resources/capability-source.js';
import { parseAcknowledgement, parseChannel, parseChannelLifetime } from '../../../lib/resources/channel.js';
import { contentBytes, parseChatMessage } from '../../../lib/resources/chat-message.js';
import { parseChatSession, parseParticipantStatus } from '../../../lib/resources/chat-session.js';
import { parseIsComposing } from '../../../lib/resources/is-composing.js';
import { parseJson } from '../../../lib/resources/forms/json-text.js';
import { parseStatusRequest } from '../../../lib/resources/message-status.js';
import { parsePrivacyCommandStatus } from '../../../lib/resources/privacy-command.js';
import { resourceRoots } from '../../../lib/resources/roots.js';
import { parseSubscription, parseSubscriptionUpdate } from '../../../lib/resources/subscription.js';
import { parseXml, printXml } from '../../../lib/resources/forms/xml-form.js';
import { acceptedFormat } from '../../../lib/rest/http/accept.js';
import { must, type Target } from '../target.js';

const apiErrors = (error: unknown): boolean => error instanceof ApiError;

const forms: readonly ((body: unknown) => unknown)[] = [
  parseChatMessage,
  parseIsComposing,
  parseChatSession,
  parseParticipantStatus,
  parseStatusRequest,
  parseAdhocContactList,
  parseCapabilitySource,
  parseChannel,
  parseChannelLifetime,
  parseAcknowledgement,
  parsePrivacyCommandStatus,
  (body) => parseSubscription('chat', body),
  (body) => parseSubscription('aliasmgmt', body),
  (body) => parseSubscriptionUpdate('spamreport', body),
];

/** Through every form: one takes it or none. */
function judge(body: unknown): void {
  for (const parse of forms) {
    try {
      parse(body);
    } catch (error) {
      if (!apiErrors(error)) throw error;
    }
  }
  try {
    contentBytes(parseChatMessage(body));
  } catch (error) {
    if (!apiErrors(error)) throw error;
  }
  must(({} as { text?: unknown }).text === undefined, 'the prototype of objects is untouched');
}

const jsonSeeds = [
  '{"chatMessage":{"text":"hello","reportRequest":["Delivered","Displayed"],"clientCorrelator":"c1","expiry":60}}',
  '{"chatMessage":{"bodyText":"aGk=","contentType":"image/png","contentEncoding":"base64","trafficType":"advertisement"}}',
  '{"chatMessage":{"text":"x","conversationID":"a","contributionID":"b","inReplyToContributionID":"c","senderName":"S"}}',
  '{"isComposing":{"state":"active","refresh":60,"lastActive":"2026-11-22T10:00:00Z","contentType":"text/plain"}}',
  '{"chatNotificationSubscription":{"callbackReference":{"notifyURL":"https://a.example/x","callbackData":"d"},"duration":"3600"}}',
  '{"messageStatusReport":{"status":"Displayed"}}',
  '{"participantSessionStatus":{"status":"Connected"}}',
  '{"chatSessionInformation":{"tParticipantAddress":"tel:+15550100001","subject":"s"}}',
  '{"adhocContactList":{"contactId":["tel:+15550100001","sip:a@b"]}}',
  '{"notificationChannel":{"channelType":"LongPolling","channelLifetime":60,"channelData":{"maxNotifications":5}}}',
  '{"privacyCommandStatus":{"status":"Success","alias":"sip:a@b"}}',
  '{"capabilitySource":{"clientCorrelator":"1"}}',
  '[1,"\\ud83d\\ude00",{"a":null}]',
];

const json: Target = {
  name: 'rest-json',
  shape: 'json',
  words: [
    '"__proto__"',
    'null',
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    '"',
    '\\u0000',
    '\\ud800',
    '\\',
    '1e400',
    'tel:+15550100001',
  ],
  seeds: jsonSeeds,
  fixtures: [],
  run(input) {
    judge(parseJson(input.toString('utf8')));
  },
  mayThrow: apiErrors,
};

const chat = 'xmlns:c="urn:oma:xml:rest:netapi:chat:1"';

const xml: Target = {
  name: 'rest-xml',
  shape: 'xml',
  words: [
    ...[
      '<!DOCTYPE a [<!ENTITY b "c">]>',
      '&b;',
      '&amp;',
      '&#x0;',
      '<![CDATA[',
      ']]>',
      chat,
      '<text>',
      '</text>',
      'c:',
      'xmlns="',
    ],
    ...[
      '<reportRequest>Delivered</reportRequest>',
      '<duration>',
      ' a="b"',
      '<?xml version="1.0" encoding="latin1"?>',
      '<__proto__>x</__proto__>',
    ],
  ],
  seeds: [
    `<?xml version="1.0" encoding="UTF-8"?><c:chatMessage ${chat}><text>hi</text><reportRequest>Delivered</reportRequest></c:chatMessage>`,
    `<c:isComposing ${chat}><state>active</state><refresh>60</refresh></c:isComposing>`,
    `<c:chatNotificationSubscription ${chat}><callbackReference><notifyURL>https://a.example</notifyURL></callbackReference><duration>60</duration></c:chatNotificationSubscription>`,
  ],
  fixtures: ['rest/xml'],
  maxBytes: 140_000,
  run(input) {
    const body = parseXml(input.toString('utf8'));
    judge(body);
    const [root = ''] = Object.keys(body);
    must(Object.hasOwn(resourceRoots, root), 'a root that we know');
    parseXml(printXml(body));
  },
  mayThrow: apiErrors,
};

const accept: Target = {
  name: 'rest-accept',
  shape: 'tokens',
  words: ['application/json', 'text/xml', '*/*', ';q=', 'q=0', 'q=1.1', 'q=NaN', ',', ';', 'application/*'],
  seeds: ['application/json, text/xml;q=0.5', '*/*;q=0.1', 'text/html'],
  fixtures: [],
  maxBytes: 16_384,
  run(input) {
    must(['JSON', 'XML'].includes(acceptedFormat({ accept: input.toString('latin1') })), 'one of our forms');
  },
  mayThrow: apiErrors,
};

const notifyUrl: Target = {
  name: 'notify-url',
  shape: 'tokens',
  words: [
    'http://',
    'https://',
    '[::1]',
    '127.0.0.1',
    '0x7f.1',
    '@',
    ':',
    '/',
    '?',
    '#',
    '\\',
    '%2e',
    '．',
    '65536',
    '.',
  ],
  seeds: [
    'https://callback.example.com/a?b=c',
    'http://[::ffff:127.0.0.1]:8080/',
    'https://user:pw@host/',
    '10.0.0.0/8',
    '*.example.com:443',
  ],
  fixtures: [],
  maxBytes: 4096,
  run(input) {
    const text = input.toString('utf8');
    attempt(() => {
      const { hostname, port } = parseNotifyUrl(text);
      must(/^[^\s/@\\#?]+$/.test(hostname), 'a host and nothing else');
      must(port > 0 && port < 65_536, 'a port');
    }, apiErrors);
    parseNetwork(text);
    // Of the operator, not of a stranger: any Error with its text.
    attempt(
      () => parseAllowList([text]),
      (error) => error instanceof Error && error.message.includes('not a host'),
    );
  },
  mayThrow: () => false,
};

function attempt(parse: () => unknown, mayThrow: (error: unknown) => boolean): void {
  try {
    parse();
  } catch (error) {
    if (!mayThrow(error)) throw error;
  }
}

const mask = numberMask(Buffer.alloc(32, 1));

const log: Target = {
  name: 'log-fields',
  shape: 'tokens',
  words: ['tel:', '+1555', 'sip:', '%2B', '@', ';user=phone', '0', '123456789', '-', '.', '(', ')', ' '],
  seeds: ['tel:+15550100001', 'sip:15550100001@ims.example.net;user=phone', '+1 (555) 010-0001', '1'.repeat(40)],
  fixtures: ['address#'],
  maxBytes: 65_536,
  run(input) {
    const masked = printableFields({ text: 'dropped', peer: input.toString('utf8') }, mask);
    must(!('text' in masked), 'what users wrote is dropped');
    must(!JSON.stringify(masked).includes('+15550100001'), 'a number is masked');
  },
  mayThrow: () => false,
};

export const rest: readonly Target[] = [json, xml, accept, notifyUrl, log];
