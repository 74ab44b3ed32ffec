/** One gateway for all golden conversations, between a raw network and a raw platform. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../lib/config.js';
import { type Gateway, startGateway } from '../../lib/gateway.js';
import { freePort } from '../support/free-port.js';
import { silentLog } from '../support/silent.js';
import { flowsFolder } from './flow.js';
import { Line } from './line.js';
import { FlowNetwork } from './network.js';
import { ask, FlowPlatform } from './platform.js';
import { type Bindings, fill } from './slots.js';

export class Stage {
  readonly network = new FlowNetwork();
  readonly platform = new FlowPlatform();
  private readonly folder = mkdtempSync(join(tmpdir(), 'maap-iwf-flows-'));
  private readonly lines: Line[] = [];
  private places: ReadonlyMap<string, string> = new Map();
  private gateway: Gateway | undefined;

  async open(): Promise<void> {
    await Promise.all([this.network.listen(), this.platform.listen()]);
    const ports = { sip: await freePort(), rest: await freePort(), msrp: await freePort() };
    this.places = new Map(
      Object.entries({
        sip: `127.0.0.1:${ports.sip}`,
        msrp: `127.0.0.1:${ports.msrp}`,
        rest: `127.0.0.1:${ports.rest}`,
        network: `127.0.0.1:${this.network.port('sip')}`,
        networkMsrp: `127.0.0.1:${this.network.port('msrp')}`,
        platform: `127.0.0.1:${this.platform.port}`,
        portMsrp: String(ports.msrp),
        portRest: String(ports.rest),
        portNetworkMsrp: String(this.network.port('msrp')),
        // The gateway's own slot: it stays.
        e164: '{e164}',
        store: join(this.folder, 'iwf.db'),
      }),
    );
    this.network.speakTo(ports);
    const file = join(this.folder, 'gateway.yaml');
    writeFileSync(file, this.filled('gateway.yaml'));
    this.gateway = await startGateway(loadConfig({ file, env: {} }), silentLog);
    await this.subscribe();
  }

  async close(): Promise<void> {
    // First, so that no session is waited for that a failed flow has left.
    await this.network.close();
    await this.gateway?.stop();
    await this.platform.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Of one flow. */
  line(digits: string): Line {
    const line = new Line(digits);
    this.lines.push(line);
    this.network.add(line);
    this.platform.add(line);
    return line;
  }

  bindings(): Bindings {
    return new Map(this.places);
  }

  ask(text: string): Promise<string> {
    return ask(text, Number(this.places.get('portRest')));
  }

  /** What the gateway said and no flow expected. */
  get unread(): readonly string[] {
    return this.lines.flatMap(({ unread }) => unread);
  }

  /** subscriptions.http: requests, each begun by its request line. */
  private async subscribe(): Promise<void> {
    for (const text of this.filled('subscriptions.http')
      .trim()
      .split(/\n+(?=POST )/)) {
      const answer = await this.ask(text);
      if (!answer.startsWith('HTTP/1.1 201 ')) throw new Error(`subscription refused: ${answer}`);
    }
  }

  private filled(file: string): string {
    return fill(readFileSync(join(flowsFolder, file), 'utf8'), this.bindings());
  }
}
