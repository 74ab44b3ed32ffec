/** Keys of the services whose documents no public specification words: revokes and privacy commands. */
import { integer, list, object, text } from './form.js';

const seconds = integer(1, 31_536_000);
/** Of documents whose words no public specification fixes. */
const elementName = text('the local name of an XML element', '^[A-Za-z_][A-Za-z0-9_.-]*$', 64);
const word = text('a word', '^\\S+$', 64);
const namespace = text('the name of an XML namespace', '^\\S+$', 255);

export const revoke = object({
  deadlineS: seconds,
  vocabulary: object({
    namespace,
    requestRoot: elementName,
    answerRoot: elementName,
    messageId: elementName,
    from: elementName,
    to: elementName,
    result: elementName,
    success: list(word, { minItems: 1, maxItems: 16 }),
    failed: word,
  }),
});

export const privacy = object({
  deadlineS: seconds,
  vocabulary: object({
    namespace,
    root: elementName,
    commandId: elementName,
    action: elementName,
    result: elementName,
    success: list(word, { minItems: 1, maxItems: 16 }),
    failed: word,
    setting: elementName,
    on: word,
    off: word,
    alias: elementName,
  }),
});
