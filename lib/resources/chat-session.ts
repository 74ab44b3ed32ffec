/** chatSessionInformation: a session that the other side confirms (OMA RESTful Network API for Chat, one-to-one chat). */
import { absoluteUri, clientCorrelator, oneLine, resourceURL, type Schema } from './forms/schema.js';
import { chatSessionUrl, type Owner } from './urls.js';
import { rootParser, rootPrinter } from './forms/validator.js';

export type ParticipantStatus = 'Invited' | 'Connected' | 'Declined' | 'Disconnected';

/** What a bot sends to invite a user. */
export interface ChatSessionRequest {
  readonly clientCorrelator?: string;
  readonly subject?: string;
  readonly originatorName?: string;
  /** Where it is given it must be the user of the path. */
  readonly tParticipantAddress?: string;
  readonly tParticipantName?: string;
}

export interface ChatSession extends ChatSessionRequest {
  readonly id: string;
  readonly originatorAddress: string;
  readonly tParticipantAddress: string;
  /** Of the side that was invited. */
  readonly status: ParticipantStatus;
}

const participantStatuses: readonly ParticipantStatus[] = ['Invited', 'Connected', 'Declined', 'Disconnected'];

const address: Schema = { type: 'string', maxLength: 512, pattern: absoluteUri };
const name: Schema = { type: 'string', minLength: 1, maxLength: 256, pattern: oneLine };

export const chatSessionSchema: Schema = {
  type: 'object',
  description: 'A session between the bot and one user, which the invited side confirms.',
  properties: {
    clientCorrelator,
    subject: { ...name, minLength: 0 },
    originatorAddress: { ...address, readOnly: true, description: 'Who invites.' },
    originatorName: name,
    tParticipantAddress: { ...address, description: 'Who is invited.' },
    tParticipantName: name,
    status: { type: 'string', enum: participantStatuses, readOnly: true, description: 'Of who is invited.' },
    resourceURL,
  },
};

export const participantStatusSchema: Schema = {
  type: 'object',
  properties: { status: { type: 'string', enum: ['Connected'], description: 'The invitation is accepted.' } },
  required: ['status'],
};

const read = rootParser<ChatSessionRequest>('chatSessionInformation', chatSessionSchema);
const readStatus = rootParser<{ readonly status: 'Connected' }>('participantSessionStatus', participantStatusSchema);
const print = rootPrinter('chatSessionInformation', chatSessionSchema);

/** `{"chatSessionInformation":{…}}`; throws ApiError naming the part. */
export function parseChatSession(body: unknown): ChatSessionRequest {
  const asked = read(body);
  const { subject, ...others } = asked;
  // xsd:string may be empty, and a client in the field sends it so with every session.
  return subject === '' ? others : asked;
}

/** `{"participantSessionStatus":{"status":"Connected"}}`; throws SVC0003 for any other status. */
export function parseParticipantStatus(body: unknown): 'Connected' {
  return readStatus(body).status;
}

/** By the user's address as it is kept, however a path has named him: its notifications link there, too. */
export function urlOfSession(session: ChatSession, owner: Owner): string {
  const { id, originatorAddress, tParticipantAddress } = session;
  return chatSessionUrl(owner, originatorAddress === owner.bot ? tParticipantAddress : originatorAddress, id);
}

export function printChatSession(session: ChatSession, owner: Owner): Record<string, unknown> {
  const { id, ...members } = session;
  return print({ ...members, resourceURL: urlOfSession(session, owner) });
}
