/** What a hostile peer does, step by step; kept as JSON, it can be played again. */

/** A way into the gateway; a script has one connection on each at a time. */
export type LineName = PlainLine | `tls-${Secured}` | `raw-${Secured}`;
export type PlainLine = 'sip-udp' | 'sip-tcp' | 'msrp' | 'rest' | 'admin';
/** Ports where the gateway speaks TLS: we speak it, or whatever octets there are. */
export type Secured = 'sip' | 'msrp' | 'rest';

export type Step =
  /** Written one by one, octets as latin1; what stands in `{{…}}` is filled in when it is played (slots.ts). */
  | { readonly kind: 'send'; readonly line: LineName; readonly pieces: readonly string[] }
  /** Until a final answer has come to what was sent last, or the connection is closed, but not longer. */
  | { readonly kind: 'await'; readonly line: LineName; readonly ms: number }
  | { readonly kind: 'leave'; readonly line: LineName; readonly how: Leaving }
  /** Until the gateway has asked a peer so often, but not longer. */
  | { readonly kind: 'asked'; readonly callee: CalleeName; readonly times: number; readonly ms: number };

/** `end`: half-closed. `forget`: it stays open to the end, and what follows goes over a new one. */
export type Leaving = 'end' | 'reset' | 'close' | 'forget';

/** How requests of the gateway are answered. */
export type Manners = 'takes' | 'refuses' | 'silent' | 'garbage';

/** Whom the gateway calls: a next hop, the phone behind it, the server of a notifyURL, an issuer of tokens. */
export type CalleeName = 'hop-udp' | 'hop-tcp' | 'phone' | 'callback' | 'issuer';

/** What one of them says to a request. */
export interface Reply {
  /** Its method; absent: any. */
  readonly to?: string;
  readonly pieces: readonly string[];
  /** From one piece to the next; absent: at once. */
  readonly everyMs?: number;
  /** What becomes of the connection then; absent: it stays. */
  readonly then?: Leaving;
}

export interface Script {
  readonly manners: Manners;
  readonly steps: readonly Step[];
  /** To the first request of a method the first reply for it, and so on; to all further ones the last. */
  readonly replies?: Readonly<Partial<Record<CalleeName, readonly Reply[]>>>;
}

export function send(line: LineName, ...pieces: readonly string[]): Step {
  return { kind: 'send', line, pieces };
}

export function leave(line: LineName, how: Leaving): Step {
  return { kind: 'leave', line, how };
}

/** Ours takes a few milliseconds on a machine that has nothing else to do. */
export function answerTo(line: LineName, ms = 250): Step {
  return { kind: 'await', line, ms };
}

export function asked(callee: CalleeName, times = 1, ms = 250): Step {
  return { kind: 'asked', callee, times, ms };
}

const underTlsNames: Readonly<Partial<Record<LineName, LineName>>> = {
  'sip-tcp': 'tls-sip',
  msrp: 'tls-msrp',
  rest: 'tls-rest',
};

/** The same, with all that goes over streams of these under TLS. */
export function underTls(script: Script): Script {
  const steps = script.steps.map((step): Step => {
    return step.kind === 'asked' ? step : { ...step, line: underTlsNames[step.line] ?? step.line };
  });
  return { ...script, steps };
}

/** Scripts as a file of findings or of the corpus holds them. */
export function parseScripts(text: string): readonly Script[] {
  return JSON.parse(text) as readonly Script[];
}

export function printScripts(scripts: readonly Script[]): string {
  return `${JSON.stringify(scripts, undefined, 1)}\n`;
}
