/** capabilitySources: what the gateway says of a chatbot to those who ask the network (OMA Capability Discovery). */
import { ApiError } from '../../resources/api-error.js';
import {
  type CapabilitySource,
  parseCapabilitySource,
  printCapabilitySource,
  printCapabilitySourceList,
} from '../../resources/capability-source.js';
import { capabilitySourceUrl } from '../../resources/urls.js';
import type { Answer } from '../http/answer.js';
import { statusAsked } from './capability-discovery.js';
import type { CapabilitySourceActions } from '../further-actions.js';
import { idempotencyOf } from './idempotency.js';
import { type Exchange, ownerOf, type Route, variable } from '../route.js';

const all = '/capabilitydiscovery/v1/{userId}/capabilitySources';
const one = `${all}/{sourceId}`;
const root = 'capabilitySource';
const tag = 'Capability discovery';
const shown = { 200: { description: '', root } };
const query = { statusFilter: 'Enabled, Disabled or All; All where absent.' };

export function capabilitySourceRoutes(actions: CapabilitySourceActions): readonly Route[] {
  return [
    {
      method: 'GET',
      path: all,
      doc: {
        tag,
        summary: 'What is said of the chatbot',
        query,
        answers: { 200: { description: '', root: `${root}List` } },
      },
      handle: async ({ bot, query: asked }) => {
        const body = printCapabilitySourceList(await actions.list(bot), ownerOf(bot), statusAsked(asked, 'All'));
        return { status: 200, body };
      },
    },
    {
      method: 'POST',
      path: all,
      doc: {
        tag,
        summary: 'Say what the chatbot can do',
        request: [root],
        answers: { 201: { description: 'The whole source.', root } },
      },
      handle: (exchange) => create(actions, exchange),
    },
    {
      method: 'GET',
      path: one,
      doc: { tag, summary: 'One source', query, answers: shown },
      handle: async (exchange) => {
        const id = variable(exchange, 'sourceId');
        return show(exchange, found(await actions.get(exchange.bot, id), id));
      },
    },
    {
      method: 'PUT',
      path: one,
      doc: { tag, summary: 'Replace a source', request: [root], answers: shown },
      handle: async (exchange) => {
        const id = variable(exchange, 'sourceId');
        const request = parseCapabilitySource((await exchange.body()).value);
        return whole(exchange, found(await actions.replace(exchange.bot, id, request), id));
      },
    },
    {
      method: 'DELETE',
      path: one,
      doc: { tag, summary: 'Take a source back', answers: { 204: { description: 'Gone.' } } },
      handle: async (exchange) => {
        const id = variable(exchange, 'sourceId');
        if (!(await actions.remove(exchange.bot, id))) throw unknownSource(id);
        return { status: 204 };
      },
    },
  ];
}

async function create(actions: CapabilitySourceActions, exchange: Exchange): Promise<Answer> {
  const { bot } = exchange;
  const request = parseCapabilitySource((await exchange.body()).value);
  const idempotency = idempotencyOf(exchange.request, request, [all]);
  const source = await actions.create(bot, request, idempotency);
  const Location = capabilitySourceUrl(ownerOf(bot), source.id);
  return { ...whole(exchange, source), status: 201, headers: { Location } };
}

/** What was said is answered in full: a filter is for who reads, and must refuse nothing that is done already. */
function whole({ bot }: Exchange, source: CapabilitySource): Answer {
  return { status: 200, body: printCapabilitySource(source, ownerOf(bot)) };
}

function show({ bot, query: asked }: Exchange, source: CapabilitySource): Answer {
  return { status: 200, body: printCapabilitySource(source, ownerOf(bot), statusAsked(asked, 'All')) };
}

function found(source: CapabilitySource | undefined, id: string): CapabilitySource {
  if (source === undefined) throw unknownSource(id);
  return source;
}

function unknownSource(id: string): ApiError {
  return new ApiError('SVC2008', ['capabilitySource', id]);
}
