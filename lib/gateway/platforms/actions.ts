/** What the REST face may ask, from the parts that can; a store that fails is SVC1000 to the platform: try again. */
import type { SubscriptionActions } from '../../iwf/actions.js';
import type { ConfirmedSessions } from '../../iwf/sessions/confirmed-sessions.js';
import type { RootChatbotActions } from '../../iwf/actions.js';
import type { Interpreter } from '../../iwf/interpreter.js';
import type { RootChatbots } from '../../iwf/root-chatbots.js';
import { ApiError } from '../../resources/api-error.js';
import type { RestActions } from '../../rest/deps.js';
import type { ChannelActions, FurtherActions, SessionActions } from '../../rest/further-actions.js';
import { StoreError } from '../../store/store-error.js';

const retryAfterS = 5;

export function restActions({ botRequests }: Interpreter, subscriptions: SubscriptionActions): RestActions {
  return {
    send: (...args) => durably(botRequests.send(...args)),
    composing: (...args) => botRequests.composing(...args),
    message: (...args) => durably(botRequests.message(...args)),
    status: (...args) => durably(botRequests.status(...args)),
    putStatus: (...args) => durably(botRequests.putStatus(...args)),
    capabilities: (...args) => botRequests.capabilities(...args),
    create: (...args) => durably(subscriptions.create(...args)),
    list: (...args) => durably(subscriptions.list(...args)),
    get: (...args) => durably(subscriptions.get(...args)),
    prolong: (...args) => durably(subscriptions.prolong(...args)),
    remove: (...args) => durably(subscriptions.remove(...args)),
  };
}

function durableSessions(sessions: ConfirmedSessions): SessionActions {
  return {
    create: (...args) => durably(sessions.create(...args)),
    get: (...args) => durably(sessions.get(...args)),
    end: (...args) => durably(sessions.end(...args)),
    accept: (...args) => durably(sessions.accept(...args)),
    send: (...args) => durably(sessions.send(...args)),
    composing: (...args) => durably(sessions.composing(...args)),
  };
}

/** The services beyond chat. */
export function furtherActions(iwf: Interpreter, channels: ChannelActions): FurtherActions {
  const { capabilitySources, spamReports, privacyCommands } = iwf.services;
  return {
    sessions: durableSessions(iwf.confirmed),
    channels: durableChannels(channels),
    capabilitySources: {
      create: (...args) => durably(capabilitySources.create(...args)),
      list: (...args) => durably(capabilitySources.list(...args)),
      get: (...args) => durably(capabilitySources.get(...args)),
      replace: (...args) => durably(capabilitySources.replace(...args)),
      remove: (...args) => durably(capabilitySources.remove(...args)),
    },
    spamReports: {
      list: (...args) => durably(spamReports.list(...args)),
      get: (...args) => durably(spamReports.get(...args)),
      remove: (...args) => durably(spamReports.remove(...args)),
    },
    privacyCommands: {
      get: async (bot, contact, id) => durably(privacyCommands.get(bot, iwf.user(contact, 'contactId').key, id)),
      answer: async (bot, contact, ...args) =>
        durably(privacyCommands.answer(bot, iwf.user(contact, 'contactId').key, ...args)),
    },
  };
}

export function rootActions(chatbots: RootChatbots): RootChatbotActions {
  return {
    would: (...args) => chatbots.would(...args),
    admit: (...args) => durably(chatbots.admit(...args)),
  };
}

async function durably<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StoreError) throw new ApiError('SVC1000', [], { retryAfterS });
    throw error;
  }
}

function durableChannels(channels: ChannelActions): ChannelActions {
  return {
    create: (...args) => durably(channels.create(...args)),
    list: (...args) => channels.list(...args),
    get: (...args) => channels.get(...args),
    setLifetime: (...args) => durably(channels.setLifetime(...args)),
    remove: (...args) => durably(channels.remove(...args)),
    poll: (...args) => durably(channels.poll(...args)),
    attach: (...args) => channels.attach(...args),
  };
}
