/** One agent on its engine as a conformance suite sees it. */
import type { CallDelegate, InboundInvite, InboundRequest, SipAgent, SipHandlers } from '../../../lib/sip/agent.js';

export interface NodeOptions {
  readonly callTimeoutMs?: number;
  readonly inviteTimeoutMs?: number;
}

/** Makes an agent, listening on UDP and TCP of 127.0.0.1 with ports of the system's choice, started with these handlers. */
export type MakeNode = (handlers: SipHandlers, options: NodeOptions) => Promise<AgentNode>;

export interface AgentNode {
  readonly agent: SipAgent;
  close(): Promise<void>;
}

/** An agent and what comes to it, one after the other. */
export class Station implements SipHandlers {
  readonly invites = new Inbox<InboundInvite>();
  readonly messages = new Inbox<InboundRequest>();
  readonly options = new Inbox<InboundRequest>();
  private node: AgentNode | undefined;

  async open(makeNode: MakeNode, options: NodeOptions = {}): Promise<this> {
    this.node = await makeNode(this, options);
    return this;
  }

  get agent(): SipAgent {
    if (!this.node) throw new Error('not open');
    return this.node.agent;
  }

  port(protocol: 'udp' | 'tcp'): number {
    const address = this.agent.listening.find((text) => text.startsWith(`${protocol}/`)) ?? '';
    return Number(address.slice(address.lastIndexOf(':') + 1));
  }

  uri(protocol: 'udp' | 'tcp' = 'udp'): string {
    return `sip:bot@127.0.0.1:${this.port(protocol)}${protocol === 'tcp' ? ';transport=tcp' : ''}`;
  }

  onInvite(invite: InboundInvite): void {
    this.invites.put(invite);
  }

  onMessage(request: InboundRequest): void {
    this.messages.put(request);
  }

  onOptions(request: InboundRequest): void {
    this.options.put(request);
  }

  async close(): Promise<void> {
    await this.node?.close();
  }
}

/** What comes is taken in order; `take` waits for it. */
export class Inbox<T> {
  private readonly items: T[] = [];
  private readonly waiting: ((item: T) => void)[] = [];
  private handler: ((item: T) => void) | undefined;

  put(item: T): void {
    if (this.handler) {
      this.handler(item);
      return;
    }
    const waiter = this.waiting.shift();
    if (waiter) waiter(item);
    else this.items.push(item);
  }

  take(): Promise<T> {
    const item = this.items.shift();
    return item === undefined ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve(item);
  }

  /** From now on everything is handled at once. */
  each(handler: (item: T) => void): void {
    this.handler = handler;
    for (const item of this.items.splice(0)) handler(item);
  }

  get size(): number {
    return this.items.length;
  }
}

/** A delegate that remembers what it was told, and answers as it is set. */
export class Ear implements CallDelegate {
  readonly acks = new Inbox<string>();
  readonly ends = new Inbox<'bye' | 'lost'>();
  readonly modified: string[] = [];
  readonly requests: string[] = [];
  answer = { status: 200, body: Buffer.alloc(0), headers: [] as (readonly [string, string])[] };

  onModify: CallDelegate['onModify'] = (request) => {
    this.modified.push(`${request.method} ${request.body.toString()}`);
    return Promise.resolve(this.answer);
  };

  onRequest: CallDelegate['onRequest'] = (request) => {
    this.requests.push(`${request.method} ${request.body.toString()}`);
    return Promise.resolve(this.answer);
  };

  onAck: NonNullable<CallDelegate['onAck']> = (request) => {
    this.acks.put(request.body.toString());
  };

  onEnd: CallDelegate['onEnd'] = (reason) => {
    this.ends.put(reason);
  };
}
