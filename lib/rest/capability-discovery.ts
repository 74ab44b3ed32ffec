/** Capability Discovery: what a contact's device can do (OMA RESTful Network API for Capability Discovery). */
import type { CapabilityActions } from '../iwf/actions.js';
import { printContactServiceCapabilities } from '../resources/capabilities.js';
import { contactCapabilitiesUrl } from '../resources/urls.js';
import type { Answer } from './answer.js';
import { contactAddress } from './contact.js';
import type { ContactQuota } from './contact-quota.js';
import { type Exchange, type Route, variable } from './route.js';

export interface CapabilityDeps {
  readonly actions: CapabilityActions;
  readonly quota: ContactQuota;
}

const root = 'contactServiceCapabilities';
const tag = 'Capability discovery';

export function capabilityRoutes(deps: CapabilityDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/capabilitydiscovery/v1/{userId}/contactCapabilities/{contactId}',
      doc: {
        tag,
        summary: 'What a contact’s device can do',
        description: 'Asks the network, or a cache of its answers. Unknown there: 404 SVC2008; no answer: 503 SVC1000.',
        query: { refresh: 'Ours: asks the network whatever the cache holds.' },
        answers: { 200: { description: '', root } },
      },
      handle: (exchange) => one(deps, exchange),
    },
  ];
}

async function one(deps: CapabilityDeps, exchange: Exchange): Promise<Answer> {
  const { bot, platform } = exchange;
  const contact = contactAddress(variable(exchange, 'contactId'), 'contactId');
  deps.quota.take(platform.id, contact);
  const capabilities = await deps.actions.capabilities(bot, contact, { refresh: refreshAsked(exchange.query) });
  const resourceURL = contactCapabilitiesUrl({ serverRoot: bot.serverRoot, bot: bot.uri }, contact);
  return { status: 200, body: printContactServiceCapabilities({ ...capabilities, resourceURL }) };
}

/** `?refresh` and `?refresh=true` ask; `?refresh=false` does not. */
function refreshAsked(query: URLSearchParams): boolean {
  const value = query.get('refresh');
  return value !== null && value.toLowerCase() !== 'false';
}
