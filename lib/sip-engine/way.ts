/** Which way a request goes: addresses in order, and TCP for what is too large for a datagram (RFC 3263 §4.3, RFC 3261 §18.1.1). */
import type { Address } from './api.js';
import { contactAddress, type Core } from './core.js';
import type { WireMessage } from './message/message.js';
import { FailingAddresses } from './transport/failing-addresses.js';
import type { Path } from './transport/path.js';
import { finishRequest, type RequestPlan } from './request.js';
import { parseSipUri } from './message/uri.js';

/** Beyond this a request does not go by UDP while the path's MTU is unknown (§18.1.1). */
const MAX_DATAGRAM_BYTES = 1300;
/** So long nobody asks again whether a peer without TCP has it now. */
const REFUSAL_MS = 30_000;
const MAX_REFUSALS = 1000;
const MAX_HOPS = 1000;

export interface Made {
  readonly message: WireMessage;
  /** Undefined: it could not leave; `local` and `remote` are where it would have gone. */
  readonly path: Path | undefined;
  readonly local: Address;
  readonly remote: Address;
}

export class Ways {
  private readonly core: Core;
  private readonly failing: FailingAddresses;
  private readonly refusals = new Map<string, number>();
  /** Hosts that the application has sent requests to. */
  private readonly hops = new Set<string>();

  constructor(core: Core) {
    this.core = core;
    this.failing = new FailingAddresses(core.timers);
  }

  /** `tried`: addresses that have refused it before. Never rejects but for a plan that makes no message. */
  async choose(plan: RequestPlan, branch: string, tried: readonly Address[] = []): Promise<Made> {
    const addresses = await this.addresses(plan);
    for (const address of addresses) {
      if (tried.some(({ host, port }) => host === address.host && port === address.port)) continue;
      const path = await this.open(address);
      if (!path) {
        this.onFailed(address);
        continue;
      }
      const message = this.finish(plan, path, branch);
      if (address.protocol === 'udp' && message.bytes.length > MAX_DATAGRAM_BYTES) {
        const stream = await this.openStream(address);
        if (stream) return made(this.finish(plan, stream, branch), stream);
      }
      return made(message, path);
    }
    return this.unsent(plan, branch, addresses[0]);
  }

  /** Nobody has answered there, or by 503: the next request goes to the next address of the name. */
  onFailed(address: Address): void {
    this.failing.failed(address);
  }

  onAnswered(address: Address): void {
    this.failing.answered(address);
  }

  /** To what left at `sinceMs` nothing has come. False: to others it has. */
  onSilent(address: Address, sinceMs: number): boolean {
    return this.failing.silent(address, sinceMs);
  }

  private async addresses({ next, method, isOwnWay }: RequestPlan): Promise<readonly Address[]> {
    const uri = parseSipUri(next);
    if (!uri) return [];
    try {
      const found = await this.core.resolve(uri);
      if (isOwnWay) this.remember(found);
      const reached = isOwnWay ? found : found.filter((address) => this.mayReach(address));
      return this.failing.last(reached, isHarmless(method));
    } catch {
      this.core.settings.count('sip_unresolved_total');
      return [];
    }
  }

  /** What lies behind a hop names it in Record-Route: the ACK must find it again. */
  private remember(hops: readonly Address[]): void {
    if (this.hops.size >= MAX_HOPS) this.hops.clear();
    for (const { host } of hops) this.hops.add(host);
  }

  private mayReach({ host, protocol }: Address): boolean {
    const { reach, count } = this.core.settings;
    const may = this.hops.has(host) || reach(host);
    if (!may) count('sip_unreachable_total', { protocol });
    return may;
  }

  private async open(address: Address): Promise<Path | undefined> {
    try {
      return await this.core.transport.open(address);
    } catch {
      this.core.settings.count('sip_unreachable_total', { protocol: address.protocol });
      return undefined;
    }
  }

  /** TCP to a peer that was named with UDP; undefined where he has none: then UDP is tried after all. */
  private async openStream(address: Address): Promise<Path | undefined> {
    const key = `${address.host} ${address.port}`;
    const now = this.core.timers.now();
    if ((this.refusals.get(key) ?? 0) > now) return undefined;
    const path = await this.open({ ...address, protocol: 'tcp' });
    if (path) return path;
    if (this.refusals.size >= MAX_REFUSALS) this.refusals.clear();
    this.refusals.set(key, now + REFUSAL_MS);
    return undefined;
  }

  private finish(plan: RequestPlan, path: Pick<Path, 'local'>, branch: string): WireMessage {
    return finishRequest(plan, { local: path.local, contact: contactAddress(this.core, path), branch });
  }

  /** The message as it would have left. */
  unsent(plan: RequestPlan, branch: string, wanted: Address | undefined): Made {
    const uri = parseSipUri(plan.next);
    const remote = wanted ?? { protocol: 'udp', host: uri?.host ?? 'invalid', port: uri?.port ?? 5060 };
    const local = this.core.listening[0] ?? { protocol: remote.protocol, host: '127.0.0.1', port: 0 };
    return { message: this.finish(plan, { local }, branch), path: undefined, local, remote };
  }
}

/** Whether it may be sent to two addresses: nobody acts on it. */
export function isHarmless(method: string): boolean {
  return method === 'OPTIONS';
}

function made(message: WireMessage, path: Path): Made {
  return { message, path, local: path.local, remote: path.remote };
}
