/** What the user of the phone does beyond chat: reports, privacy, capabilities, and what his network says of a revoke. */
import { randomUUID } from 'node:crypto';
import { linkReportContentType } from '../wire/rcs/link-report.js';
import { printPrivacy, privacyContentType } from '../wire/rcs/privacy.js';
import { printRevoke, revokeContentType } from '../wire/rcs/revoke.js';
import { printSpamReport, spamReportContentType } from '../wire/rcs/spam-report.js';
import { type Act, ok, optionalText, type Reply, text, WrongRequest } from './phone-act.js';

/** Method and path → what it does. */
export const serviceActs: Readonly<Record<string, Act>> = {
  'GET /documents': ({ phone }) =>
    ok({ documents: phone.documents.map(({ content, ...kept }) => ({ ...kept, body: content.toString('utf8') })) }),
  'POST /options': async ({ phone, bot }) => ok({ status: await phone.askCapabilities(bot) }),
  'POST /services': ({ phone }, { services, revokes }) => {
    if (services !== undefined && services !== 'all' && services !== 'standalone') {
      throw new WrongRequest('services is all or standalone');
    }
    phone.services = services ?? phone.services;
    phone.revokes = typeof revokes === 'boolean' ? revokes : phone.revokes;
    return ok({ services: phone.services, revokes: phone.revokes });
  },
  'POST /hide': ({ phone }, { hidden = true }) => {
    if (typeof hidden !== 'boolean') throw new WrongRequest('hidden is true or false');
    phone.hidden = hidden;
    return ok({ hidden });
  },
  'POST /network': async ({ phone }, { up }) => {
    if (typeof up !== 'boolean') throw new WrongRequest('up is true or false');
    await phone.connect(up);
    return ok({ up });
  },
  'POST /call': ({ phone, bot }) => {
    phone.call(bot);
    return ok({ calling: bot });
  },
  'GET /call': ({ phone, bot }) => ok({ inSession: phone.inSession(bot) }),
  'POST /spam': reportSpam,
  'POST /alias': async ({ phone, bot }, body) => {
    const [commandId, action] = [randomUUID(), text(body, 'action')];
    await phone.sendDocument(bot, privacyContentType, printPrivacy({ kind: 'command', commandId, action }).toString());
    return ok({ commandId, action });
  },
  'POST /link-report': async ({ phone, bot }, body) => {
    const report = text(body, 'report');
    await phone.sendDocument(bot, linkReportContentType, report);
    return ok({ report });
  },
  'POST /revoke-answer': async ({ phone, bot }, body) => {
    const messageId = text(body, 'messageId');
    const result = body['result'] ?? 'success';
    if (result !== 'success' && result !== 'failed') throw new WrongRequest('result is success or failed');
    const answer = printRevoke({ kind: 'answer', messageId, result });
    await phone.sendDocument(bot, revokeContentType, answer.toString());
    return ok({ messageId, result });
  },
};

async function reportSpam(...[{ phone, bot }, body]: Parameters<Act>): Promise<Reply> {
  const messageId = optionalText(body, 'messageId');
  const [spamType, freeText] = [optionalText(body, 'spamType'), optionalText(body, 'freeText')];
  const report = printSpamReport({
    chatbot: bot,
    messageIds: messageId === undefined ? [] : [messageId],
    ...(spamType === undefined ? {} : { spamType }),
    ...(freeText === undefined ? {} : { freeText }),
  });
  await phone.sendDocument(bot, spamReportContentType, report.toString());
  return ok({ reported: bot });
}
