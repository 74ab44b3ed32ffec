/** What the REST face may ask of the gateway's rarer services; a service that is absent is answered 403 POL2006. */
import type { Chatbot, Idempotency } from '../iwf/actions.js';
import type { CapabilitySource, CapabilitySourceRequest } from '../resources/capability-source.js';
import type { PrivacyCommand, PrivacyCommandStatus } from '../resources/privacy-command.js';
import type { SpamReport } from '../resources/spam-report.js';

export interface CapabilitySourceActions {
  /** Durable when it resolves. Throws ApiError (SVC0005 …). */
  create(bot: Chatbot, request: CapabilitySourceRequest, idempotency?: Idempotency): Promise<CapabilitySource>;
  list(bot: Chatbot): Promise<readonly CapabilitySource[]>;
  get(bot: Chatbot, id: string): Promise<CapabilitySource | undefined>;
  /** The whole of it anew; undefined: there is none. */
  replace(bot: Chatbot, id: string, request: CapabilitySourceRequest): Promise<CapabilitySource | undefined>;
  remove(bot: Chatbot, id: string): Promise<boolean>;
}

export interface SpamReportActions {
  list(bot: Chatbot): Promise<readonly SpamReport[]>;
  get(bot: Chatbot, id: string): Promise<SpamReport | undefined>;
  remove(bot: Chatbot, id: string): Promise<boolean>;
}

export interface PrivacyCommandActions {
  get(bot: Chatbot, contact: string, id: string): Promise<PrivacyCommand | undefined>;
  /** The answer goes to the user; false: no such command. Throws ApiError where it was answered otherwise already. */
  answer(bot: Chatbot, contact: string, id: string, status: PrivacyCommandStatus): Promise<boolean>;
}

export interface FurtherActions {
  readonly capabilitySources?: CapabilitySourceActions | undefined;
  readonly spamReports?: SpamReportActions | undefined;
  readonly privacyCommands?: PrivacyCommandActions | undefined;
}
