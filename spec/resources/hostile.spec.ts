import { expect } from 'chai';
import fc from 'fast-check';
import { ApiError } from '../../lib/resources/api-error.js';
import { parseAdhocContactList } from '../../lib/resources/capabilities.js';
import { parseCapabilitySource } from '../../lib/resources/capability-source.js';
import { parseChatMessage } from '../../lib/resources/chat-message.js';
import { parseIsComposing } from '../../lib/resources/is-composing.js';
import { parseStatusRequest } from '../../lib/resources/message-status.js';
import { parsePrivacyCommandStatus } from '../../lib/resources/privacy-command.js';
import { resourceRoots } from '../../lib/resources/roots.js';
import { parseSubscription, parseSubscriptionUpdate } from '../../lib/resources/subscription.js';
import { parseXml, printXml } from '../../lib/resources/forms/xml-form.js';

const parsers: Record<string, ((body: unknown) => unknown)[]> = {
  chatMessage: [parseChatMessage],
  isComposing: [parseIsComposing],
  messageStatusReport: [parseStatusRequest],
  adhocContactList: [parseAdhocContactList],
  capabilitySource: [parseCapabilitySource],
  privacyCommandStatus: [parsePrivacyCommandStatus],
  chatNotificationSubscription: [
    (body) => parseSubscription('chat', body),
    (body) => parseSubscriptionUpdate('chat', body),
  ],
};

/** Bodies near enough to the right ones to get past the door: right names, any values. */
function nearly(root: string): fc.Arbitrary<unknown> {
  const names = Object.keys(resourceRoots[root]!.schema.properties ?? {});
  const name = fc.constantFrom(...names, '__proto__', 'constructor', 'toString');
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.string(),
    fc.constantFrom('600', 'true', 'Sent', 'a/b', 'x:y'),
  );
  return fc.dictionary(name, value).map((members) => ({ [root]: members }));
}

/** A value, or an ApiError of the client's fault. */
function judged(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    expect(error.status).to.equal(400);
    expect(error.variables[0]).to.be.a('string').and.not.to.equal('');
  }
}

describe('resources: whatever comes [IWF-1619]', () => {
  for (const [root, parse] of Object.entries(parsers)) {
    it(`${root} is read or refused as the client’s fault, in JSON and in XML`, () => {
      fc.assert(
        fc.property(fc.oneof(nearly(root), fc.jsonValue()), (body) => {
          for (const one of parse) judged(() => one(body));
        }),
      );
      fc.assert(
        fc.property(nearly(root), fc.nat(400), fc.constantFrom('', '<', '&', '>', '"', '</a>'), (body, at, put) => {
          const text = printXml(body as object);
          for (const one of parse) judged(() => one(parseXml(text)));
          judged(() => parseXml(text.slice(0, at) + put + text.slice(at + 1)));
        }),
      );
    });
  }
});
