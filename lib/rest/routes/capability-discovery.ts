/** Capability Discovery: what contacts' devices can do (OMA RESTful Network API for Capability Discovery). */
import type { CapabilityActions } from '../../iwf/actions.js';
import { ApiError } from '../../resources/api-error.js';
import {
  type CapabilityRow,
  type ContactCapability,
  type ContactServiceCapabilities,
  maxContacts,
  parseAdhocContactList,
  printContactServiceCapabilities,
  printContactServiceCapabilitiesList,
} from '../../resources/capabilities.js';
import { printRequestError } from '../../resources/request-error.js';
import { contactCapabilitiesUrl } from '../../resources/urls.js';
import type { Answer } from '../http/answer.js';
import { contactAddress } from './contact.js';
import type { ContactQuota } from './contact-quota.js';
import { type Exchange, ownerOf, type Route, variable } from '../route.js';

export interface CapabilityDeps {
  readonly actions: CapabilityActions;
  readonly quota: ContactQuota;
}

const all = '/capabilitydiscovery/v1/{userId}/contactCapabilities';
const root = 'contactServiceCapabilities';
const tag = 'Capability discovery';
const refresh = 'Ours: asks the network whatever the cache holds.';

/** Contacts of one list that are asked at the same time. */
const asksAtOnce = 8;

export function capabilityRoutes(deps: CapabilityDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: `${all}/{contactId}`,
      doc: {
        tag,
        summary: 'What a contact’s device can do',
        description: 'Asks the network, or a cache of its answers. Unknown there: 404 SVC2008; no answer: 503 SVC1000.',
        query: { refresh },
        answers: { 200: { description: '', root } },
      },
      handle: (exchange) => one(deps, exchange),
    },
    {
      method: 'POST',
      path: all,
      doc: {
        tag,
        summary: `What the devices of up to ${maxContacts} contacts can do`,
        query: { refresh, statusFilter: 'Enabled, Disabled or All; Enabled where absent.' },
        request: ['adhocContactList'],
        answers: { 200: { description: 'A row for each contact, in the order asked.', root: `${root}List` } },
      },
      handle: (exchange) => many(deps, exchange),
    },
  ];
}

async function one(deps: CapabilityDeps, exchange: Exchange): Promise<Answer> {
  const contact = contactAddress(variable(exchange, 'contactId'), 'contactId');
  return { status: 200, body: printContactServiceCapabilities(only('Enabled', await ask(deps, exchange, contact))) };
}

async function many(deps: CapabilityDeps, exchange: Exchange): Promise<Answer> {
  const contacts = parseAdhocContactList((await exchange.body()).value);
  if (contacts.length > maxContacts) throw new ApiError('POL0003', ['adhocContactList.contactId']);
  const status = statusAsked(exchange.query, 'Enabled');
  const rows: CapabilityRow[] = [];
  const next = contacts.entries();
  const asker = async (): Promise<void> => {
    for (const [at, contact] of next) rows[at] = only(status, await rowOf(deps, exchange, contact));
  };
  await Promise.all(Array.from({ length: asksAtOnce }, asker));
  return { status: 200, body: printContactServiceCapabilitiesList(rows) };
}

/** A failure is told in the contact's own row: the others are not to suffer. */
async function rowOf(deps: CapabilityDeps, exchange: Exchange, contactId: string): Promise<CapabilityRow> {
  try {
    return await ask(deps, exchange, contactAddress(contactId, 'contactId'));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { contactId, serviceCapability: [], ...printRequestError(error).requestError };
  }
}

async function ask(deps: CapabilityDeps, exchange: Exchange, contact: string): Promise<ContactServiceCapabilities> {
  const { bot, platform, query } = exchange;
  deps.quota.take(platform.id, contact);
  const capabilities = await deps.actions.capabilities(bot, contact, { refresh: refreshAsked(query) });
  return { ...capabilities, resourceURL: contactCapabilitiesUrl(ownerOf(bot), contact) };
}

function only(status: ContactCapability['status'] | undefined, row: CapabilityRow): CapabilityRow {
  return {
    ...row,
    serviceCapability: row.serviceCapability.filter((c) => status === undefined || c.status === status),
  };
}

/** `?refresh` and `?refresh=true` ask; `?refresh=false` does not. */
function refreshAsked(query: URLSearchParams): boolean {
  const value = query.get('refresh');
  return value !== null && value.toLowerCase() !== 'false';
}

const filters = ['Enabled', 'Disabled', 'All'] as const;

/** The one status `?statusFilter` asks for; undefined: all. Throws SVC0003 for a value it cannot have. */
export function statusAsked(
  query: URLSearchParams,
  absent: (typeof filters)[number],
): ContactCapability['status'] | undefined {
  const asked = query.get('statusFilter')?.toLowerCase() ?? absent.toLowerCase();
  const filter = filters.find((one) => one.toLowerCase() === asked);
  if (filter === undefined) throw new ApiError('SVC0003', ['statusFilter', filters.join(', ')]);
  return filter === 'All' ? undefined : filter;
}
