/** Responses to a request: what they take from it, and what is filled in (RFC 3261 §8.2.6, §12.1.1). */
import type { ResponseDraft } from './api.js';
import type { WireMessage } from './message.js';
import { tagOf, withoutTag, withTag } from './name-addr.js';
import type { Routing } from './parse.js';
import { draftHeader, linesBut, makeMessage, reasonOf } from './print.js';
import { stampVia } from './via.js';
import type { Address } from './api.js';

/** Never the application's. */
const OURS = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'record-route', 'content-length']);

export interface ResponseBase {
  readonly request: WireMessage;
  readonly routing: Pick<Routing, 'via'>;
  readonly source: Address;
  /** Of a To that has none yet; undefined on a 100. */
  readonly toTag: string | undefined;
  /** Filled in unless the draft has one. */
  readonly contact?: string | undefined;
}

/** Throws Error where the draft would break a line. */
export function makeResponse(base: ResponseBase, draft: ResponseDraft): WireMessage {
  const lines = viaLines(base);
  lines.push(`From: ${base.request.raw('from') ?? ''}`, toLine(base, draft));
  lines.push(`Call-ID: ${base.request.raw('call-id') ?? ''}`, `CSeq: ${base.request.raw('cseq') ?? ''}`);
  if (draft.status > 100 && draft.status < 300) {
    for (const route of base.request.rawAll('record-route')) lines.push(`Record-Route: ${route}`);
  }
  if (base.contact !== undefined && draftHeader(draft.headers, 'contact') === undefined) {
    lines.push(`Contact: ${base.contact}`);
  }
  lines.push(...linesBut(draft.headers, OURS));
  const reason = draft.reason ?? reasonOf(draft.status);
  return makeMessage({ method: undefined, uri: undefined, status: draft.status, reason }, lines, draft.body);
}

/** The request's Via lines, the topmost stamped (§18.2.1). */
function viaLines(base: ResponseBase): string[] {
  const [top = '', ...others] = base.request.rawAll('via');
  const { via } = base.routing;
  const first = stampVia(via, base.source) + top.slice(via.text.length);
  return [first, ...others].map((value) => `Via: ${value}`);
}

function toLine(base: ResponseBase, draft: ResponseDraft): string {
  const to = base.request.raw('to') ?? '';
  if (base.toTag === undefined || tagOf(to) !== undefined) return `To: ${to}`;
  const given = draftTag(draft);
  return `To: ${withTag(withoutTag(to), given ?? base.toTag)}`;
}

/** The tag that the application has chosen, if it has. */
export function draftTag(draft: ResponseDraft): string | undefined {
  const to = draftHeader(draft.headers, 'to');
  const tag = to === undefined ? undefined : tagOf(to);
  return tag === '' ? undefined : tag;
}
