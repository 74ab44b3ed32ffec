/** Which form the answer takes: Accept against the forms we have (RFC 9110 §12.5.1). */
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../../resources/api-error.js';
import { type Format, namedFormat } from './body.js';

const offers: readonly { readonly format: Format; readonly types: readonly string[] }[] = [
  { format: 'JSON', types: ['application/json', 'application/*', '*/*'] },
  { format: 'XML', types: ['application/xml', 'text/xml', 'application/*', 'text/*', '*/*'] },
];

/** The form liked best; among equals that of the request's own body, else JSON. Throws 406 where none is acceptable. */
export function acceptedFormat(headers: IncomingHttpHeaders): Format {
  const { accept = '*/*', 'content-type': contentType = '' } = headers;
  const own = namedFormat(contentType) ?? 'JSON';
  if (accept === '*/*') return own;
  if (accept === 'application/json') return 'JSON';
  const ranges = accept.split(',', 32).map(readRange);
  let best: Offer | undefined;
  for (const { format, types } of offers) {
    const quality = qualityOf(types, ranges);
    const better = quality > (best?.quality ?? 0) || (quality === best?.quality && format === own);
    if (quality > 0 && better) best = { format, quality };
  }
  if (best === undefined)
    throw new ApiError('POL0011', ['Accept', 'must admit application/json or application/xml'], { status: 406 });
  return best.format;
}

/** As above for answers that are given in any case: JSON where nothing we have is acceptable. */
export function formatOfRefusal(headers: IncomingHttpHeaders): Format {
  try {
    return acceptedFormat(headers);
  } catch {
    return 'JSON';
  }
}

interface Offer {
  readonly format: Format;
  readonly quality: number;
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith('q='));
  const quality = q === undefined ? 1 : Number(q.slice(2));
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

/** Of the most specific range that names the type. */
function qualityOf(types: readonly string[], ranges: readonly Range[]): number {
  for (const type of types) {
    const named = ranges.filter((range) => range.type === type);
    if (named.length > 0) return Math.max(...named.map((range) => range.quality));
  }
  return 0;
}
