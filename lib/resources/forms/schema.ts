/** The subset of JSON Schema (2020-12) and OpenAPI 3.1 that the resources are written in; members print in the order they stand here. */

export interface Schema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  /** Ours alone to say: what a client sends there is ignored. */
  readonly readOnly?: boolean;
  /** How the XML form differs from an element of the member's name (OpenAPI's XML object). */
  readonly xml?: { readonly attribute: boolean };
}

/** A body `{root: {…}}`. */
export function bodySchema(root: string, schema: Schema): Schema {
  return { type: 'object', properties: { [root]: schema }, required: [root] };
}

/** No control characters: such a value may become a header's (RFC 3261 §25.1), and must not begin another. */
export const oneLine = '^[^\\u0000-\\u001f\\u007f]*$';

/** A media type with its parameters (RFC 2045 §5.1), loosely: the network's side judges it. */
export const mediaType =
  "^[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \\t]*;[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]*)?$";

/** An absolute URI's look: a scheme, then nothing invisible (RFC 3986 §3). */
export const absoluteUri = '^[A-Za-z][A-Za-z0-9+.-]*:[^\\u0000-\\u0020\\u007f<>"]+$';

/** What a text must be that does not fit the pattern. */
export const wordsOf: Readonly<Record<string, string>> = {
  [oneLine]: 'must be one line, without control characters',
  [mediaType]: 'must be a media type, as text/plain',
  [absoluteUri]: 'must be an absolute URI, as https://host/path',
};

export const resourceURL: Schema = {
  type: 'string',
  readOnly: true,
  description: 'Where this resource stands; given by the server.',
};

export const clientCorrelator: Schema = {
  type: 'string',
  minLength: 1,
  maxLength: 256,
  pattern: oneLine,
  description:
    'Makes the request safe to repeat for 24 hours: the same correlator with the same request gets the first answer again, with another request 409 SVC0005.',
};

export const callbackData: Schema = {
  type: 'string',
  maxLength: 4096,
  description: 'Returned unaltered in every notification.',
};

export const serviceCapability: Schema = {
  type: 'object',
  properties: {
    capabilityId: { type: 'string', minLength: 1, maxLength: 64, pattern: oneLine },
    version: { type: 'string', minLength: 1, maxLength: 64, pattern: oneLine },
  },
  required: ['capabilityId'],
};

export const link: Schema = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      rel: { type: 'string', xml: { attribute: true } },
      href: { type: 'string', xml: { attribute: true } },
    },
    required: ['rel', 'href'],
  },
};
