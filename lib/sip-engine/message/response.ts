/** Responses to a request: what they take from it, and what is filled in (RFC 3261 §8.2.6, §12.1.1). */
import type { Address, HeaderLine, ResponseDraft } from '../api.js';
import type { WireMessage } from './message.js';
import { tagOf, withoutTag, withTag } from './name-addr.js';
import type { Routing } from './parse.js';
import { draftHeader, linesBut, makeMessage, reasonOf } from './print.js';
import { stampVia } from './via.js';

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
  lines.push(...copied(base, 'From'), ...toLine(base, draft), ...copied(base, 'Call-ID'), ...copied(base, 'CSeq'));
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

/** What a 100 says of when the request left, and how long it has been here since (§8.2.6.1). */
export function timestampOf(request: WireMessage, delayMs: number): readonly HeaderLine[] {
  const value = request.raw('timestamp');
  if (value === undefined) return [];
  const [sent = ''] = value.split(/\s/);
  return [['Timestamp', delayMs > 0 ? `${sent} ${(delayMs / 1000).toFixed(3)}` : sent]];
}

/** The request's Via lines, the topmost stamped (§18.2.1). */
function viaLines(base: ResponseBase): string[] {
  const [top = '', ...others] = base.request.rawAll('via');
  const { via } = base.routing;
  const first = stampVia(via, base.source) + top.slice(via.text.length);
  return [first, ...others].map((value) => `Via: ${value}`);
}

/** As it stands in the request; a malformed one may lack it. */
function copied(base: ResponseBase, name: string): string[] {
  const value = base.request.raw(name.toLowerCase());
  return value === undefined ? [] : [`${name}: ${value}`];
}

function toLine(base: ResponseBase, draft: ResponseDraft): string[] {
  const to = base.request.raw('to');
  if (to === undefined || base.toTag === undefined || tagOf(to) !== undefined) return copied(base, 'To');
  return [`To: ${withTag(withoutTag(to), draftTag(draft) ?? base.toTag)}`];
}

/** The tag that the application has chosen, if it has. */
export function draftTag(draft: ResponseDraft): string | undefined {
  const to = draftHeader(draft.headers, 'to');
  const tag = to === undefined ? undefined : tagOf(to);
  return tag === '' ? undefined : tag;
}
