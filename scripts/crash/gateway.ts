/** The gateway as a process of its own, to be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endsWithUs } from './children.js';

export interface Ports {
  readonly sip: number;
  readonly rest: number;
  readonly msrp: number;
  readonly admin: number;
}

/** What it takes to run: a configuration as JSON, and where it says that it is ready. */
export interface ProcessOptions {
  readonly folder: string;
  readonly ports: Ports;
  readonly config: unknown;
  /** Of node. */
  readonly nodeOptions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What `nodeOptions` load into it may be asked. */
  readonly ipc?: boolean;
}

export interface GatewayProcessOptions {
  readonly folder: string;
  readonly ports: Ports;
  readonly nextHop: string;
  readonly key: string;
  readonly bots: { readonly session: string; readonly standalone: string };
}

const main = fileURLToPath(new URL('../../lib/main.js', import.meta.url));
const startMs = 60_000;
/** Between two questions whether it is ready. */
const askMs = 50;

export class GatewayProcess {
  private readonly options: ProcessOptions;
  private readonly config: string;
  private child: ChildProcess | undefined;
  private wasReady = false;

  constructor(options: ProcessOptions) {
    this.options = options;
    this.config = join(options.folder, 'config.json');
    writeFileSync(this.config, JSON.stringify(options.config));
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get process(): ChildProcess | undefined {
    return this.child;
  }

  /** False once it has ended, asked or not. */
  get runs(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** It has become ready, and runs still: before, a signal that it will handle would end it. */
  get isUp(): boolean {
    return this.wasReady && this.runs;
  }

  get logFile(): string {
    return join(this.options.folder, 'gateway.log');
  }

  /** Resolves once it is ready. */
  async start(): Promise<void> {
    this.wasReady = false;
    const log = openSync(this.logFile, 'a');
    const { nodeOptions = [], env = {}, ipc = false } = this.options;
    this.child = spawn(process.execPath, [...nodeOptions, main, '--config', this.config], {
      stdio: ['ignore', log, log, ...(ipc ? (['ipc'] as const) : [])],
      env: { ...process.env, ...env },
    });
    closeSync(log);
    endsWithUs(this.child);
    const deadline = Date.now() + startMs;
    while (!(await this.ready())) {
      if (!this.runs) throw new Error(`the gateway ended with ${this.child.exitCode ?? this.child.signalCode ?? ''}`);
      if (Date.now() > deadline) throw new Error('the gateway did not become ready');
      await new Promise((resolve) => setTimeout(resolve, askMs));
    }
    this.wasReady = true;
  }

  /** As a power cut does it. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Resolves with its exit code; null where it had ended by a signal. */
  stop(): Promise<number | null> {
    return this.end('SIGTERM');
  }

  /** Once more, while it is ending. */
  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return ended;
  }

  private async ready(): Promise<boolean> {
    try {
      return (await fetch(`http://127.0.0.1:${this.options.ports.admin}/readyz`)).status === 200;
    } catch {
      return false;
    }
  }
}

export function configOf({ folder, ports, nextHop, key, bots }: GatewayProcessOptions): unknown {
  const again = { baseMs: 50, factor: 1, maxMs: 50, jitter: 0 };
  return {
    serverRoot: `http://127.0.0.1:${ports.rest}`,
    rest: { port: ports.rest },
    admin: { port: ports.admin },
    sip: { listen: [`udp/127.0.0.1:${ports.sip}`, `tcp/127.0.0.1:${ports.sip}`], nextHop },
    msrp: { port: ports.msrp },
    store: { path: join(folder, 'iwf.db') },
    chat: { backoff: again },
    notify: { backoff: again },
    log: { level: 'warn', format: 'json' },
    platforms: [
      {
        id: 'crash',
        keys: [createHash('sha256').update(key).digest('hex')],
        chatbots: [
          { uri: bots.session, mode: 'session' },
          { uri: bots.standalone, mode: 'standalone' },
        ],
        notify: { allow: ['127.0.0.1'] },
      },
    ],
  };
}
