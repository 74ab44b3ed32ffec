/** …the bot posts a message: what its platform may send, by the operator's word. */
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import { judgeMessage } from '../mapping/bot-json.js';
import { ApiError } from '../resources/api-error.js';
import type { ChatMessage } from '../resources/chat-message.js';
import type { Chatbot } from './actions.js';

export interface MessagePolicy {
  /** What happens to bot JSON that phones may not show. */
  readonly botJson: 'off' | 'warn' | 'reject';
}

export interface PolicyDeps {
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Throws SVC0002 naming the JSON path. */
export function judgeBotJson({ uri, platformId, policy }: Chatbot, message: ChatMessage, deps: PolicyDeps): void {
  if (!policy || policy.botJson === 'off') return;
  const finding = judgeMessage(message);
  if (!finding) return;
  const { part, problem } = finding;
  const result = policy.botJson === 'reject' ? 'refused' : 'warned';
  deps.metrics.count('bot_json_invalid_total', { result });
  if (result === 'refused') throw new ApiError('SVC0002', [part, problem]);
  deps.log.warn('bot json invalid', { platformId, bot: uri, part, problem });
}
