/** What a server refuses before any application sees the request (RFC 3261 §8.2, RFC 4028 §9). */
import type { HeaderLine, ResponseDraft } from './api.js';
import { elements } from './message/grammar.js';
import { isRegistered } from './message/methods.js';
import { bodyIsUtf8, type WireMessage } from './message/message.js';
import type { Settings } from './options.js';
import { secondsOf } from './dialog/session-timer.js';
import { isSipUri, schemeOf } from './message/uri.js';

const TAKES_SDP = /^\s*(?:application\/sdp|application\/\*|\*\/\*)\s*(?:;|$)/i;

/** In the order of §8.2, what cannot be read first; undefined: nothing to object. */
export function refusalOf(request: WireMessage, settings: Settings): ResponseDraft | undefined {
  return (
    refusedUri(request) ??
    refusedMethod(request, settings) ??
    refusedScheme(request) ??
    refusedExtension(request, settings) ??
    refusedBody(request, settings) ??
    refusedAnswer(request) ??
    refusedInterval(request, settings)
  );
}

function refusal(status: number, ...headers: HeaderLine[]): ResponseDraft {
  return { status, headers };
}

export function allowLine(settings: Settings): HeaderLine {
  return ['Allow', settings.methods.join(', ')];
}

/** A SIP URI that is none, such as IPv6 without brackets (RFC 5118 §4.2). */
function refusedUri({ uri = '' }: WireMessage): ResponseDraft | undefined {
  return isSipUri(uri) || !/^sips?:/i.test(uri) ? undefined : refusal(400);
}

/** 405 to a method of SIP that is none of ours, 501 to what nobody knows (§8.2.1, RFC 4475 §3.1.1.2). */
function refusedMethod({ method = '' }: WireMessage, settings: Settings): ResponseDraft | undefined {
  if (settings.methods.includes(method)) return undefined;
  return refusal(isRegistered(method) ? 405 : 501, allowLine(settings));
}

function refusedScheme(request: WireMessage): ResponseDraft | undefined {
  const scheme = schemeOf(request.uri ?? '');
  return scheme === 'sip' || scheme === 'sips' || scheme === 'tel' ? undefined : refusal(416);
}

/** §8.2.2.3; a CANCEL or ACK is never asked this. */
function refusedExtension(request: WireMessage, settings: Settings): ResponseDraft | undefined {
  const wanted = request.rawAll('require').flatMap(elements);
  const unknown = wanted.filter((tag) => !settings.supported.includes(tag.toLowerCase()));
  return unknown.length === 0 ? undefined : refusal(420, ['Unsupported', unknown.join(', ')]);
}

/** §8.2.3, and bodies that would not survive as text. */
function refusedBody(request: WireMessage, settings: Settings): ResponseDraft | undefined {
  if (request.body.length === 0 || !settings.utf8Bodies) return undefined;
  const encodings = request.rawAll('content-encoding').flatMap(elements);
  if (encodings.some((coding) => coding.toLowerCase() !== 'identity')) {
    return refusal(415, ['Accept-Encoding', 'identity'], ['Accept', settings.accept.join(', ')]);
  }
  return bodyIsUtf8(request) ? undefined : refusal(415, ['Accept', settings.accept.join(', ')]);
}

/** An INVITE is answered with SDP: a caller who takes none gets 406 (§20.1, §21.4.7). */
function refusedAnswer(request: WireMessage): ResponseDraft | undefined {
  if (request.method !== 'INVITE') return undefined;
  const ranges = request.rawAll('accept').flatMap(elements);
  if (ranges.length === 0 || ranges.some((range) => TAKES_SDP.test(range))) return undefined;
  return refusal(406, ['Accept', 'application/sdp']);
}

/** RFC 4028 §9: only to a caller who knows session timers. */
function refusedInterval(request: WireMessage, settings: Settings): ResponseDraft | undefined {
  if (request.method !== 'INVITE' && request.method !== 'UPDATE') return undefined;
  const expiresS = secondsOf(request.raw('session-expires'));
  if (expiresS === undefined || expiresS >= settings.minSeS) return undefined;
  const knows = request.rawAll('supported').flatMap(elements);
  return knows.some((tag) => tag.toLowerCase() === 'timer')
    ? refusal(422, ['Min-SE', String(settings.minSeS)])
    : undefined;
}

/** The gateway's own answer to OPTIONS (§11.2). */
export function ownOptions(settings: Settings, draining: boolean): ResponseDraft {
  if (draining) return refusal(503, ['Retry-After', '30']);
  return refusal(
    200,
    allowLine(settings),
    ['Accept', settings.accept.join(', ')],
    ['Accept-Encoding', 'identity'],
    ['Supported', settings.supported.join(', ')],
  );
}

/** Seconds that a 500 or 503 asks to wait. */
export function busy(status: 500 | 503, retryAfterS: number): ResponseDraft {
  return refusal(status, ['Retry-After', String(retryAfterS)]);
}
