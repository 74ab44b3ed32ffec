/** One thing that the phone does when it is asked to over HTTP. */
import type { SimulatedPhone } from './phone.js';

export interface Hand {
  readonly phone: SimulatedPhone;
  /** Whom it writes to. */
  readonly bot: string;
}

export interface Reply {
  readonly status: number;
  readonly body: object;
}

export type ActBody = Readonly<Record<string, unknown>>;

export type Act = (hand: Hand, body: ActBody) => Reply | Promise<Reply>;

export class WrongRequest extends Error {
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

export function ok(body: object): Reply {
  return { status: 200, body };
}

/** A member that must be there, as text. */
export function text(body: ActBody, name = 'text'): string {
  const words = body[name];
  if (typeof words !== 'string' || words === '') throw new WrongRequest(`{"${name}":"…"} is missing`);
  return words;
}

/** A member that may be there, as text. */
export function optionalText(body: ActBody, name: string): string | undefined {
  return body[name] === undefined ? undefined : text(body, name);
}
