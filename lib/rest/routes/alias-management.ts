/** Privacy commands of users, and the platform's answers to them; ours. */
import { ApiError } from '../../resources/api-error.js';
import { parsePrivacyCommandStatus, printPrivacyCommand } from '../../resources/privacy-command.js';
import { contactAddress } from './contact.js';
import type { PrivacyCommandActions } from '../further-actions.js';
import { type Exchange, ownerOf, type Route, variable } from '../route.js';

const one = '/aliasmgmt/v1/{userId}/{contactId}/commands/{commandId}';
const tag = 'Privacy and aliases (ours)';

export function privacyCommandRoutes(actions: PrivacyCommandActions): readonly Route[] {
  return [
    {
      method: 'GET',
      path: one,
      doc: { tag, summary: 'What a user asked', answers: { 200: { description: '', root: 'privacyCommand' } } },
      handle: async (exchange) => {
        const { bot, contact, id } = place(exchange);
        const command = await actions.get(bot, contact, id);
        if (command === undefined) throw unknownCommand(id);
        return { status: 200, body: printPrivacyCommand(command, ownerOf(bot)) };
      },
    },
    {
      method: 'PUT',
      path: `${one}/status`,
      doc: {
        tag,
        summary: 'Answer a user',
        request: ['privacyCommandStatus'],
        answers: { 204: { description: 'The answer goes to the user.' } },
      },
      handle: async (exchange) => {
        const { bot, contact, id } = place(exchange);
        const status = parsePrivacyCommandStatus((await exchange.body()).value);
        if (!(await actions.answer(bot, contact, id, status))) throw unknownCommand(id);
        return { status: 204 };
      },
    },
  ];
}

function place(exchange: Exchange) {
  const contact = contactAddress(variable(exchange, 'contactId'), 'contactId');
  return { bot: exchange.bot, contact, id: variable(exchange, 'commandId') };
}

function unknownCommand(id: string): ApiError {
  return new ApiError('SVC2008', ['command', id]);
}
