/** contactServiceCapabilities of the OMA Capability Discovery API. */
import { exceptionSchema, type RequestErrorException } from './request-error.js';
import { resourceURL, type Schema } from './forms/schema.js';
import { rootParser, rootPrinter } from './forms/validator.js';

export const capabilityIds = [
  'Chat',
  'StandaloneMessaging',
  'FileTransfer',
  'FileTransferHttp',
  'FileTransferThumbnail',
  'GeolocationPush',
  'ChatbotSession',
  'ChatbotSA',
  'MessageRevoke',
  'IPVoiceCall',
  'IPVideoCall',
] as const;

export type CapabilityId = (typeof capabilityIds)[number];

export interface ContactCapability {
  readonly capabilityId: CapabilityId;
  readonly status: 'Enabled' | 'Disabled';
  /** Of ChatbotSession and ChatbotSA, e.g. `#=1`. */
  readonly version?: string;
}

export interface ContactServiceCapabilities {
  readonly contactId: string;
  readonly serviceCapability: readonly ContactCapability[];
  readonly resourceURL?: string;
}

/** Contacts of one list request: more are refused, POL0003. */
export const maxContacts = 100;

export const contactServiceCapabilitiesSchema: Schema = {
  type: 'object',
  description: 'What a contact’s device can do.',
  properties: {
    contactId: { type: 'string' },
    serviceCapability: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          capabilityId: { type: 'string', enum: capabilityIds },
          status: { type: 'string', enum: ['Enabled', 'Disabled'] },
          version: { type: 'string', description: 'Of ChatbotSession and ChatbotSA, e.g. `#=1`.' },
        },
        required: ['capabilityId', 'status'],
      },
    },
    resourceURL,
  },
  required: ['contactId', 'serviceCapability'],
};

export const adhocContactListSchema: Schema = {
  type: 'object',
  description: 'The contacts whose capabilities are asked for.',
  properties: {
    contactId: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1, maxLength: 512 },
    },
  },
  required: ['contactId'],
};

export const contactServiceCapabilitiesListSchema: Schema = {
  type: 'object',
  description: 'One row for each contact, in the order asked.',
  properties: {
    contactServiceCapabilities: {
      type: 'array',
      items: {
        ...contactServiceCapabilitiesSchema,
        properties: {
          ...contactServiceCapabilitiesSchema.properties,
          serviceException: { ...exceptionSchema, description: 'Ours: why nothing is known of this contact.' },
          policyException: { ...exceptionSchema, description: 'Ours: why this contact was not asked.' },
        },
      },
    },
  },
};

/** A contact of a list, or why nothing is known of it. */
export interface CapabilityRow extends ContactServiceCapabilities {
  readonly serviceException?: RequestErrorException;
  readonly policyException?: RequestErrorException;
}

const print = rootPrinter('contactServiceCapabilities', contactServiceCapabilitiesSchema);
const printList = rootPrinter('contactServiceCapabilitiesList', contactServiceCapabilitiesListSchema);
const readContacts = rootParser<{ readonly contactId: readonly string[] }>('adhocContactList', adhocContactListSchema);

export function printContactServiceCapabilities(capabilities: ContactServiceCapabilities): Record<string, unknown> {
  return print(capabilities);
}

export function printContactServiceCapabilitiesList(rows: readonly CapabilityRow[]): Record<string, unknown> {
  return printList({ contactServiceCapabilities: rows });
}

/** `{"adhocContactList":{"contactId":[…]}}` → the contacts in the order asked; throws ApiError. */
export function parseAdhocContactList(body: unknown): readonly string[] {
  return readContacts(body).contactId;
}
