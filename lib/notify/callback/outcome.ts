/** What a platform's answer to a callback means: the retry table of the notification contract (RFC 9110 §15). */

/** How a callback ended on the wire. */
export type CallbackResult =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter?: string }
  /** No answer: refused, reset, name not resolved, or the time ran out. */
  | { readonly kind: 'failed'; readonly reason: 'timeout' | 'connection' }
  /** The address behind the URL is not allowed (any more): nothing was sent. */
  | { readonly kind: 'forbidden' };

export type Outcome =
  | { readonly kind: 'done' }
  /** This lane later; `afterMs` is what the platform asked for, 0 where it did not. */
  | { readonly kind: 'retry'; readonly afterMs: number }
  /** The whole bot later. */
  | { readonly kind: 'slow'; readonly afterMs: number }
  /** The subscription ends. */
  | { readonly kind: 'gone' }
  /** This item will never be taken. */
  | { readonly kind: 'dead' };

/** Judges `result`; `nowMs` is the wall clock, to which an HTTP-date in Retry-After is compared. */
export function outcomeOf(result: CallbackResult, nowMs: number): Outcome {
  switch (result.kind) {
    case 'failed':
    case 'forbidden': // a name may point elsewhere again tomorrow: the item's validity is the limit
      return { kind: 'retry', afterMs: 0 };
    case 'answered':
      return outcomeOfStatus(result.status, retryAfterMs(result.retryAfter, nowMs));
  }
}

function outcomeOfStatus(status: number, afterMs: number): Outcome {
  if (status >= 200 && status < 300) return { kind: 'done' };
  if (status === 429) return { kind: 'slow', afterMs };
  if (status === 410) return { kind: 'gone' };
  // 408 and 425 say in words of the 4xx class what a timeout says (RFC 9110 §15.5.9, RFC 8470 §5.2).
  if (status === 408 || status === 425) return { kind: 'retry', afterMs };
  if (status >= 400 && status < 500) return { kind: 'dead' };
  // 5xx, and 3xx as well: redirects are not followed, and most are a maintenance page that goes away.
  return { kind: 'retry', afterMs };
}

/** Retry-After as milliseconds from now (RFC 9110 §10.2.3: seconds or HTTP-date); 0 where absent, past or malformed. */
export function retryAfterMs(value: string | undefined, nowMs: number): number {
  if (value === undefined || value.length > 40) return 0;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const atMs = httpDateMs(text, nowMs);
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - nowMs);
}

/** All three forms, as a recipient must (RFC 9110 §5.6.7); NaN for none of them. */
function httpDateMs(text: string, nowMs: number): number {
  if (/^[A-Za-z]{3}, /.test(text)) return Date.parse(text);
  const rfc850 = /^[A-Za-z]{6,9}, (\d\d)-([A-Za-z]{3})-(\d\d) (\d\d:\d\d:\d\d) GMT$/.exec(text);
  if (rfc850) {
    const [, day = '', month = '', year = '', time = ''] = rfc850;
    return Date.parse(`${day} ${month} ${fullYear(Number(year), nowMs)} ${time} GMT`);
  }
  const asctime = /^[A-Za-z]{3} ([A-Za-z]{3}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4})$/.exec(text);
  if (!asctime) return NaN;
  const [, month = '', day = '', time = '', year = ''] = asctime;
  return Date.parse(`${day} ${month} ${year} ${time} GMT`);
}

/** Of two digits, the latest year that is not more than 50 years in the future (RFC 9110 §5.6.7). */
function fullYear(lastDigits: number, nowMs: number): number {
  const latest = new Date(nowMs).getUTCFullYear() + 50;
  return latest - ((latest - lastDigits) % 100);
}
