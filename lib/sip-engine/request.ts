/** Requests of ours: what the draft leaves out is filled in (RFC 3261 §8.1.1, §12.2.1.1, §9.1, §17.1.1.3). */
import type { Address, HeaderLine, RequestDraft } from './api.js';
import { routeOf, type Dialog } from './dialog/dialog.js';
import { elements } from './message/grammar.js';
import { WireMessage } from './message/message.js';
import { tagOf, uriOf, withTag } from './message/name-addr.js';
import { draftHeader, headerLine, linesBut, makeMessage } from './message/print.js';
import { newToken } from './message/token.js';
import { printHostPort, transportParam } from './message/uri.js';

/** Everything but what depends on the way: Via, Contact, our own host. */
export interface RequestPlan {
  readonly method: string;
  readonly uri: string;
  /** URI that says where it goes. */
  readonly next: string;
  /** The application says so, not whoever named himself in a Contact or Request-URI. */
  readonly isOwnWay: boolean;
  /** One character per byte. */
  readonly lines: readonly string[];
  readonly wantsContact: boolean;
  readonly body: Buffer | undefined;
}

const OURS = new Set([
  'via',
  'from',
  'to',
  'call-id',
  'cseq',
  'route',
  'record-route',
  'max-forwards',
  'content-length',
]);
/** Those that must have a Contact (RFC 3261 table 2, RFC 3311 §5.1, RFC 6665 §8.1.1, RFC 3515 §2.2). */
const WITH_CONTACT = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'REFER']);
const CONTACT = /^(?:Contact|m):/i;
const OWN_HOST = /^(?:From|To|Contact|P-Asserted-Identity|[ftm]):/i;

/** Throws Error where the draft is no request. Inside a dialog the next CSeq is taken. */
export function planRequest(draft: RequestDraft, dialog: Dialog | undefined): RequestPlan {
  const lines = dialog ? dialogLines(draft, dialog) : freshLines(draft);
  const uri = dialog ? routeOf(dialog).requestUri : draft.uri;
  const ownWay = draft.nextHop ?? (dialog ? undefined : firstRoute(draft.headers));
  const next = ownWay ?? (dialog ? routeOf(dialog).next : draft.uri);
  const body = draft.body?.length === 0 ? undefined : draft.body;
  lines.push(...linesBut(draft.headers, OURS), ...missingType(draft, body));
  const wantsContact = WITH_CONTACT.has(draft.method) && draftHeader(draft.headers, 'contact') === undefined;
  return { method: draft.method, uri, next, isOwnWay: ownWay !== undefined, lines, wantsContact, body };
}

function firstRoute(headers: readonly HeaderLine[]): string | undefined {
  const first = elements(draftHeader(headers, 'route') ?? '')[0];
  return first === undefined ? undefined : uriOf(first);
}

function missingType(draft: RequestDraft, body: Buffer | undefined): string[] {
  if (!body || draftHeader(draft.headers, 'content-type') !== undefined) return [];
  if (body.toString('latin1', 0, 3) === 'v=0') return ['Content-Type: application/sdp'];
  throw new Error('missing content-type');
}

function maxForwards(draft: RequestDraft): string {
  return headerLine('Max-Forwards', draftHeader(draft.headers, 'max-forwards') ?? '70');
}

function freshLines(draft: RequestDraft): string[] {
  const from = draftHeader(draft.headers, 'from') ?? '<sip:localhost>';
  const routes = draft.headers
    .filter(([name]) => name.toLowerCase() === 'route')
    .map(([, value]) => headerLine('Route', value));
  return [
    ...routes,
    maxForwards(draft),
    headerLine('From', tagOf(from) ? from : withTag(from, newToken())),
    headerLine('To', draftHeader(draft.headers, 'to') ?? `<${draft.uri}>`),
    headerLine('Call-ID', draftHeader(draft.headers, 'call-id') ?? newToken() + newToken()),
    headerLine('CSeq', givenCseq(draft) ?? `1 ${draft.method}`),
  ];
}

/** The draft's CSeq, where it fits its method. */
function givenCseq(draft: RequestDraft): string | undefined {
  const given = draftHeader(draft.headers, 'cseq')?.trim();
  const fits = given !== undefined && /^\d{1,10}\s+\S+$/.test(given) && given.endsWith(` ${draft.method}`);
  return fits ? given : undefined;
}

function dialogLines(draft: RequestDraft, dialog: Dialog): string[] {
  // An ACK has the number of its INVITE (§13.2.2.4): the caller puts it in.
  if (draft.method !== 'ACK') dialog.localCseq++;
  return [
    ...routeOf(dialog).routes.map((route) => `Route: ${route}`),
    maxForwards(draft),
    `From: ${dialog.local}`,
    ...(dialog.remote === '' ? [] : [`To: ${dialog.remote}`]),
    `Call-ID: ${dialog.callId}`,
    `CSeq: ${draft.method === 'ACK' ? (givenCseq(draft) ?? '') : `${dialog.localCseq} ${draft.method}`}`,
  ];
}

export interface Way {
  /** What Via calls us. */
  readonly local: Address;
  /** Where Contact leads. */
  readonly contact: Address;
  readonly branch: string;
}

/** The request as it leaves on that way. */
export function finishRequest(plan: RequestPlan, way: Way): WireMessage {
  const { local } = way;
  const here = printHostPort(local.host, local.port);
  const via = `Via: SIP/2.0/${local.protocol.toUpperCase()} ${here};branch=${way.branch};rport`;
  const given = plan.wantsContact ? [...plan.lines, 'Contact: <sip:localhost>'] : plan.lines;
  const lines = [via, ...given.map((line) => namingUs(line, way))];
  return makeMessage({ method: plan.method, uri: plan.uri, status: undefined, reason: undefined }, lines, plan.body);
}

type Named = Pick<Way, 'local' | 'contact'>;

/** `@localhost` stands for the address of the way out; in Contact for where that way leads back to us, with its transport. */
function namingUs(line: string, { local, contact }: Named): string {
  if (!line.includes('localhost') || !OWN_HOST.test(line)) return line;
  const ofContact = CONTACT.test(line);
  const { host, port, protocol } = ofContact ? contact : local;
  return line.replaceAll(
    /(@|<sips?:|: sips?:)localhost(?::\d{1,5})?(?=[;>?,\s]|$)([^<>,]*)/gi,
    (_all, before: string, rest: string) => {
      const told = !ofContact || /;transport=/i.test(rest);
      return before + printHostPort(host, port) + (told ? '' : transportParam(protocol)) + rest;
    },
  );
}

/** The same for responses: the values of the draft that name us. */
export function namingUsIn(headers: readonly HeaderLine[], named: Named): readonly HeaderLine[] {
  if (!headers.some(([, value]) => value.includes('localhost'))) return headers;
  return headers.map(([name, value]): HeaderLine => {
    const line = namingUs(`${name}: ${value}`, named);
    return [name, line.slice(name.length + 2)];
  });
}

/** ACK to a final response other than 2xx, within the INVITE's transaction (§17.1.1.3). */
export function ackTo(invite: WireMessage, response: WireMessage): WireMessage {
  return hopRequest(invite, 'ACK', response.raw('to') ?? '', []);
}

/** CANCEL of that INVITE (§9.1). */
export function cancelOf(invite: WireMessage, headers: readonly HeaderLine[]): WireMessage {
  return hopRequest(
    invite,
    'CANCEL',
    invite.raw('to') ?? '',
    linesBut(headers, new Set([...OURS, 'contact', 'content-type'])),
  );
}

function hopRequest(invite: WireMessage, method: string, to: string, more: readonly string[]): WireMessage {
  const lines = [
    `Via: ${invite.raw('via') ?? ''}`,
    ...invite.rawAll('route').map((route) => `Route: ${route}`),
    'Max-Forwards: 70',
    `From: ${invite.raw('from') ?? ''}`,
    `To: ${to}`,
    `Call-ID: ${invite.raw('call-id') ?? ''}`,
    `CSeq: ${Number.parseInt(invite.raw('cseq') ?? '0', 10)} ${method}`,
    ...more,
  ];
  return makeMessage({ method, uri: invite.uri, status: undefined, reason: undefined }, lines);
}
