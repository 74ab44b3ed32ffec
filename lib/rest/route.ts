/** One resource and verb: where it is, what it does, and what the API page says of it. */
import type { IncomingMessage } from 'node:http';
import type { Chatbot, Platform } from '../iwf/actions.js';
import { bodySchema, type Schema } from '../resources/forms/schema.js';
import type { Owner } from '../resources/urls.js';
import type { Answer } from './http/answer.js';
import type { Body } from './http/body.js';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Path variables, decoded. */
export type Variables = Readonly<Record<string, string>>;

/** A request of an authenticated platform for one of its chatbots. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly platform: Platform;
  readonly bot: Chatbot;
  readonly variables: Variables;
  readonly query: URLSearchParams;
  /** Read once, when asked for. */
  body(): Promise<Body>;
}

export interface RouteDoc {
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Roots the body may have; or the body itself, where a request's is not what the root is in an answer. */
  readonly request?: readonly string[] | BodyDoc;
  readonly query?: Readonly<Record<string, string>>;
  /** Status → what it means, and the body's root, or a body without one of the table's. */
  readonly answers: Readonly<
    Record<number, { readonly description: string; readonly root?: string; readonly body?: BodyDoc }>
  >;
}

/** A body as a whole. */
export interface BodyDoc {
  readonly schema: object;
  readonly types: readonly ('application/json' | 'application/xml')[];
  /** A request may come without it. */
  readonly optional?: true;
}

/** The body of a request whose root has members of its own there. */
export function requestBody(root: string, schema: Schema): BodyDoc {
  return { schema: bodySchema(root, schema), types: ['application/json', 'application/xml'] };
}

export interface Route {
  /** `ANY`: whatever the verb. */
  readonly method: Method | 'ANY';
  /** As in OpenAPI: `/chat/v1/{userId}/subscriptions`. A last `/**` stands for everything below. */
  readonly path: string;
  /** Absent: not shown on the API page. */
  readonly doc?: RouteDoc;
  /** It waits by design, and its number is bounded by what it waits for: it takes no place of requests being worked on. */
  readonly waits?: boolean;
  /** It begins work that the network must carry: under overload it is refused first. */
  readonly begins?: boolean;
  handle(exchange: Exchange): Promise<Answer> | Answer;
}

/** A path variable that the route's path has. */
export function variable(exchange: Exchange, name: string): string {
  const value = exchange.variables[name];
  if (value === undefined) throw new TypeError(`the route has no path variable ${name}`);
  return value;
}

/** Whose URLs the chatbot's resources have. */
export function ownerOf(bot: Chatbot): Owner {
  return { serverRoot: bot.serverRoot, bot: bot.uri };
}
