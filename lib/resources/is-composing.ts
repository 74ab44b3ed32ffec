/** isComposing of the OMA Chat API (RFC 3994 in REST form). */
import { mediaType, oneLine, type Schema } from './forms/schema.js';
import { rootParser, rootPrinter } from './forms/validator.js';

export interface IsComposing {
  readonly state: 'active' | 'idle';
  readonly lastActive?: string;
  readonly contentType?: string;
  /** Seconds. */
  readonly refresh?: number;
}

export const isComposingSchema: Schema = {
  type: 'object',
  description: 'Whether the sender is writing. Never stored; it opens no session.',
  properties: {
    state: { type: 'string', enum: ['active', 'idle'] },
    lastActive: { type: 'string', maxLength: 64, pattern: oneLine, description: 'Date and time (RFC 3339).' },
    contentType: { type: 'string', maxLength: 512, pattern: mediaType, description: 'Of what is being written.' },
    refresh: {
      type: 'integer',
      minimum: 1,
      maximum: 86_400,
      description: 'Seconds after which an active state that is not repeated is over.',
    },
  },
  required: ['state'],
};

/** `{"isComposing":{…}}`; throws ApiError naming the part. */
export const parseIsComposing: (body: unknown) => IsComposing = rootParser('isComposing', isComposingSchema);

const print = rootPrinter('isComposing', isComposingSchema);

export function printIsComposing(state: IsComposing): Record<string, unknown> {
  return print(state);
}
