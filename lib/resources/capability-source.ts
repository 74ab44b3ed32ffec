/** capabilitySource: what the gateway answers to OPTIONS on behalf of a chatbot, and puts in its Contact (OMA Capability Discovery). */
import { type CapabilityId, capabilityIds, type ContactCapability } from './capabilities.js';
import { absoluteUri, clientCorrelator, oneLine, resourceURL, type Schema } from './forms/schema.js';
import { capabilitySourcesUrl, capabilitySourceUrl, type Owner } from './urls.js';
import { invalid, rootParser, rootPrinter } from './forms/validator.js';

export interface CapabilitySourceRequest {
  readonly clientCorrelator?: string;
  /** Of these contacts alone; absent: of all. */
  readonly contactId?: readonly string[];
  readonly serviceCapability: readonly ContactCapability[];
}

export interface CapabilitySource extends CapabilitySourceRequest {
  readonly id: string;
}

export const capabilitySourceSchema: Schema = {
  type: 'object',
  description: 'What users’ devices are told the chatbot can do.',
  properties: {
    clientCorrelator,
    contactId: {
      type: 'array',
      minItems: 1,
      maxItems: 10_000,
      items: { type: 'string', maxLength: 512, pattern: absoluteUri },
      description: 'Ours: these contacts alone; all others where absent.',
    },
    serviceCapability: {
      type: 'array',
      maxItems: 32,
      items: {
        type: 'object',
        properties: {
          capabilityId: { type: 'string', enum: capabilityIds },
          status: { type: 'string', enum: ['Enabled', 'Disabled'], description: 'Enabled where absent.' },
          version: {
            type: 'string',
            minLength: 1,
            maxLength: 64,
            pattern: oneLine,
            description:
              'Of ChatbotSession and ChatbotSA: `#=1`, or a list of such; the role is offered in those versions that the operator has for the bot, too.',
          },
        },
        required: ['capabilityId'],
      },
    },
    resourceURL,
  },
  required: ['serviceCapability'],
};

export const capabilitySourceListSchema: Schema = {
  type: 'object',
  properties: { capabilitySource: { type: 'array', items: capabilitySourceSchema }, resourceURL },
};

interface CapabilitySourceForm extends Omit<CapabilitySourceRequest, 'serviceCapability'> {
  readonly serviceCapability: readonly {
    readonly capabilityId: CapabilityId;
    readonly status?: 'Enabled' | 'Disabled';
    readonly version?: string;
  }[];
}

const read = rootParser<CapabilitySourceForm>('capabilitySource', capabilitySourceSchema);
const printOne = rootPrinter('capabilitySource', capabilitySourceSchema);
const printAll = rootPrinter('capabilitySourceList', capabilitySourceListSchema);

/** A number with its relation, or a range (RFC 3840 §9): one of the list in +g.gsma.rcs.botversion. */
const versionForm = /^#(?:[<>]=?|=|\d+(?:\.\d+)?:)\d+(?:\.\d+)?$/;

function isVersionList(text: string): boolean {
  return text.split(',').every((version) => versionForm.test(version.trim()));
}

/** `{"capabilitySource":{…}}`; throws ApiError naming the part. */
export function parseCapabilitySource(body: unknown): CapabilitySourceRequest {
  const { serviceCapability, ...others } = read(body);
  for (const [at, { capabilityId, version }] of serviceCapability.entries()) {
    const hasVersion = capabilityId === 'ChatbotSession' || capabilityId === 'ChatbotSA';
    // A role whose version is none would be taken back from all phones without a word.
    if (hasVersion && version !== undefined && !isVersionList(version))
      throw invalid(`capabilitySource.serviceCapability[${at}].version`, 'must be #=N, or a list of such');
  }
  return { ...others, serviceCapability: serviceCapability.map((one) => ({ status: 'Enabled', ...one })) };
}

/** `status`: only capabilities that stand so. */
export function printCapabilitySource(
  source: CapabilitySource,
  owner: Owner,
  status?: ContactCapability['status'],
): Record<string, unknown> {
  return printOne(formOf(source, owner, status));
}

export function printCapabilitySourceList(
  sources: readonly CapabilitySource[],
  owner: Owner,
  status?: ContactCapability['status'],
): Record<string, unknown> {
  const capabilitySource = sources.map((source) => formOf(source, owner, status));
  return printAll({ capabilitySource, resourceURL: capabilitySourcesUrl(owner) });
}

function formOf(source: CapabilitySource, owner: Owner, status?: ContactCapability['status']): object {
  const serviceCapability = source.serviceCapability.filter((one) => status === undefined || one.status === status);
  return { ...source, serviceCapability, resourceURL: capabilitySourceUrl(owner, source.id) };
}
