/** privacyCommand: what a user asks of his privacy, and how the platform answers; ours. */
import { oneLine, resourceURL, type Schema } from './forms/schema.js';
import { type Owner, privacyCommandUrl } from './urls.js';
import { rootParser, rootPrinter } from './forms/validator.js';

export interface PrivacyCommand {
  readonly commandId: string;
  /** FetchSettings, AliasOn, AliasOff, AliasLink; an unknown one verbatim. */
  readonly action: string;
  readonly senderAddress: string;
  /** RFC 3339. */
  readonly dateTime: string;
  /** AliasOn while it is on: a new token is asked for. */
  readonly renew?: boolean;
  /** AliasLink: his token in use, which from now on may be known to belong to senderAddress. */
  readonly alias?: string;
  /** Once it is answered; in a notification: nobody has answered in time, and the user was told Failed. */
  readonly result?: 'Success' | 'Failed';
}

export interface PrivacyCommandStatus {
  readonly result: 'Success' | 'Failed';
  readonly setting?: 'On' | 'Off';
  readonly alias?: string;
}

export const privacyCommandSchema: Schema = {
  type: 'object',
  description: 'Ours: what a user asks of his privacy.',
  properties: {
    commandId: { type: 'string' },
    action: { type: 'string', description: 'FetchSettings, AliasOn, AliasOff or AliasLink; an unknown one verbatim.' },
    senderAddress: { type: 'string' },
    dateTime: { type: 'string' },
    renew: { type: 'boolean', description: 'True where aliasing is on already and a new token is asked for.' },
    alias: { type: 'string', description: 'Of AliasLink: the token in use, to be linked with senderAddress.' },
    result: {
      type: 'string',
      enum: ['Success', 'Failed'],
      description: 'Once answered; in a notification Failed: the deadline has passed, the user was told so.',
    },
    resourceURL,
  },
  required: ['commandId', 'action', 'senderAddress', 'dateTime'],
};

export const privacyCommandStatusSchema: Schema = {
  type: 'object',
  description: 'Ours: the platform’s answer; it goes to the user.',
  properties: {
    result: { type: 'string', enum: ['Success', 'Failed'] },
    setting: { type: 'string', enum: ['On', 'Off'], description: 'To FetchSettings.' },
    alias: { type: 'string', minLength: 1, maxLength: 512, pattern: oneLine },
  },
  required: ['result'],
};

const print = rootPrinter('privacyCommand', privacyCommandSchema);

export function printPrivacyCommand(command: PrivacyCommand, owner: Owner): Record<string, unknown> {
  const { senderAddress, commandId } = command;
  return print({ ...command, resourceURL: privacyCommandUrl(owner, senderAddress, commandId) });
}

/** `{"privacyCommandStatus":{"result":"Success"}}`; throws ApiError naming the part. */
export const parsePrivacyCommandStatus = rootParser<PrivacyCommandStatus>(
  'privacyCommandStatus',
  privacyCommandStatusSchema,
);
