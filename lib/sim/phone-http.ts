/** Phones in the hand of a developer: what they show and what their users do, over plain HTTP. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SimulatedPhone } from './phone.js';
import { type Act, type Hand, ok, optionalText, type Reply, text, WrongRequest } from './phone-act.js';
import { serviceActs } from './phone-services.js';

export interface PhoneHttpOptions extends Hand {
  /** First step of the path → a further phone: `/abroad/inbox`. */
  readonly others?: Readonly<Record<string, SimulatedPhone>>;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface PhoneHttp {
  readonly port: number;
  close(): Promise<void>;
}

/** Method and path → what it does; GET / lists them, with the phones. */
const acts: Readonly<Record<string, Act>> = {
  ...serviceActs,
  'GET /inbox': inbox,
  'GET /receipts': ({ phone }) => ok({ receipts: phone.receipts }),
  'GET /composing': ({ phone }) => ok({ composing: phone.composing }),
  'POST /send': async ({ phone, bot }, body) =>
    ok({ messageId: await phone.send(bot, text(body), optionalText(body, 'contentType')) }),
  'POST /pager': async ({ phone, bot }, body) => ok({ messageId: await phone.sendPager(bot, text(body)) }),
  'POST /composing': async ({ phone, bot }, { state = 'active' }) => {
    if (state !== 'active' && state !== 'idle') throw new WrongRequest('state is active or idle');
    await phone.sendComposing(bot, state);
    return ok({ state });
  },
  'POST /hangup': async ({ phone, bot }) => {
    await phone.hangUp(bot);
    return ok({ inSession: phone.inSession(bot) });
  },
  'POST /refuse': ({ phone }, { status }) => {
    if (status !== undefined && !isRefusal(status)) throw new WrongRequest('status is 400 to 699, or absent');
    phone.refuseWith = status;
    return ok({ refuseWith: status ?? 'nothing' });
  },
};

const maxBodyBytes = 65_536;
/** How long the inbox is waited for while nothing has come or receipts are on their way. */
const inboxWaitMs = 2_000;

/** Rejects with the system's error where the port is taken. */
export async function startPhoneHttp(options: PhoneHttpOptions): Promise<PhoneHttp> {
  const server = createServer((request, response) => {
    reply(options, request).then(
      ({ status, body }) => send(response, status, body),
      (error: unknown) => send(response, error instanceof WrongRequest ? error.status : 502, problem(error)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
}

async function reply(options: PhoneHttpOptions, request: IncomingMessage): Promise<Reply> {
  const { method = '', url = '/' } = request;
  const { hand, path } = held(options, url.split('?', 1).join(''));
  if (path === '/')
    return ok({ paths: Object.keys(acts), otherPhones: Object.keys(options.others ?? {}).map((name) => `/${name}`) });
  const act = acts[`${method} ${path}`];
  const body = await readBody(request);
  if (act) return act(hand, body);
  const known = Object.keys(acts).some((key) => key.endsWith(` ${path}`));
  throw new WrongRequest(known ? 'method not allowed' : 'no such path; GET / lists them', known ? 405 : 404);
}

/** Which phone is meant, and what is left of the path. */
function held({ phone, bot, others = {} }: PhoneHttpOptions, path: string): { hand: Hand; path: string } {
  const [, name = '', rest = ''] = /^\/([^/]*)(.*)$/.exec(path) ?? [];
  const other = Object.hasOwn(others, name) ? others[name] : undefined;
  return other ? { hand: { phone: other, bot }, path: rest === '' ? '/' : rest } : { hand: { phone, bot }, path };
}

/** Waits for a first message and for receipts under way, so that what is asked next is settled. */
async function inbox({ phone }: Hand): Promise<Reply> {
  await phone.until(() => phone.inbox.length > 0 && phone.settled, inboxWaitMs).catch(() => undefined);
  const messages = phone.inbox.map(({ content, to, ...message }) => ({
    ...message,
    bytes: content.length,
    receiptsSent: phone.receiptsSent
      .filter(({ messageId }) => messageId === message.messageId)
      .map(({ status }) => status),
  }));
  return ok({ messages });
}

async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new WrongRequest(`at most ${maxBodyBytes} bytes`, 413);
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  const value = json(Buffer.concat(chunks).toString('utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new WrongRequest('the body is a JSON object');
  return value as Readonly<Record<string, unknown>>;
}

function json(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    throw new WrongRequest('the body is not JSON');
  }
}

function isRefusal(status: unknown): status is number {
  return Number.isInteger(status) && Number(status) >= 400 && Number(status) <= 699;
}

function problem(error: unknown): object {
  return { error: error instanceof Error ? error.message : String(error) };
}

function send(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(`${JSON.stringify(body, undefined, 2)}\n`);
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': bytes.length });
  response.end(bytes);
}
