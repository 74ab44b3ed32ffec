/** All targets, by name. */
import type { Target } from './target.js';
import { addresses } from './targets/addresses.js';
import { messages } from './targets/messages.js';
import { msrp } from './targets/msrp.js';
import { rest } from './targets/rest.js';
import { sdp } from './targets/sdp.js';
import { sip } from './targets/sip.js';
import { xmlDocuments } from './targets/xml-documents.js';

export const targets: readonly Target[] = [
  ...msrp,
  ...messages,
  ...xmlDocuments,
  ...sdp,
  ...sip,
  ...addresses,
  ...rest,
];
