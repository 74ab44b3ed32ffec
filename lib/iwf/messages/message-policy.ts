/** …the bot posts a message: what its platform may send, by the operator's word. */
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import { judgeMessage } from '../../mapping/bot-json.js';
import { ApiError } from '../../resources/api-error.js';
import type { ChatMessage } from '../../resources/chat-message.js';
import type { Chatbot } from '../actions.js';

export interface MessagePolicy {
  /** What happens to bot JSON that phones may not show. */
  readonly botJson: 'off' | 'warn' | 'reject';
  /** In lower case → as it goes out; absent: every token passes. */
  readonly trafficTypes?: ReadonlyMap<string, string>;
}

export interface PolicyDeps {
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** The message as it may go out. Throws POL0001 for a traffic type that is not this platform's, SVC0002 for bot JSON. */
export function underPolicy(bot: Chatbot, message: ChatMessage, deps: PolicyDeps): ChatMessage {
  judgeBotJson(bot, message, deps);
  return withTrafficType(bot, message);
}

/** Enumerations compare without regard to case (rest-side facts §1): the operator's spelling goes out. */
function withTrafficType({ policy }: Chatbot, message: ChatMessage): ChatMessage {
  const { trafficType } = message;
  if (!policy?.trafficTypes || trafficType === undefined) return message;
  const allowed = policy.trafficTypes.get(trafficType.toLowerCase());
  if (allowed !== undefined) return { ...message, trafficType: allowed };
  const valid = [...policy.trafficTypes.values()].join(', ');
  throw new ApiError('POL0001', [valid === '' ? 'no trafficType is allowed' : `trafficType is none of ${valid}`]);
}

/** Throws SVC0002 naming the JSON path. */
function judgeBotJson({ uri, platformId, policy }: Chatbot, message: ChatMessage, deps: PolicyDeps): void {
  if (!policy || policy.botJson === 'off') return;
  const finding = judgeMessage(message);
  if (!finding) return;
  const { part, problem } = finding;
  const result = policy.botJson === 'reject' ? 'refused' : 'warned';
  deps.metrics.count('bot_json_invalid_total', { result });
  if (result === 'refused') throw new ApiError('SVC0002', [part, problem]);
  deps.log.warn('bot json invalid', { platformId, bot: uri, part, problem });
}
