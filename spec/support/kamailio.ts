/** Kamailio as an operator's proxy on one loopback port, UDP and TCP: spec/fixtures/kamailio/proxy.cfg. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Debian's. */
const program = '/usr/sbin/kamailio';

export interface KamailioOptions {
  /** Free for UDP and TCP. */
  readonly port: number;
  /** `sip:127.0.0.1:port;transport=…`: where chatbots live. */
  readonly gateway: string;
  /** The same for everyone else. */
  readonly phone: string;
}

export interface Kamailio {
  close(): Promise<void>;
}

/** Whether it is there; says so where it is not. */
export function hasKamailio(): boolean {
  if (spawnSync(program, ['-v']).error === undefined) return true;
  console.log('      kamailio is not installed: what goes through it is skipped');
  return false;
}

export async function startKamailio({ port, gateway, phone }: KamailioOptions): Promise<Kamailio> {
  const folder = mkdtempSync(join(tmpdir(), 'maap-iwf-kamailio-'));
  const listen = ['udp', 'tcp'].flatMap((protocol) => ['-l', `${protocol}:127.0.0.1:${port}`]);
  const places = ['-Y', folder, '-w', folder, '-P', join(folder, 'pid')];
  // In the foreground, its log on standard error, little memory.
  const ways = ['-DD', '-E', '-m', '16', '-M', '2'];
  const config = resolve('spec/fixtures/kamailio/proxy.cfg');
  const child = spawn(program, ['-f', config, ...ways, ...listen, ...places], {
    env: { ...process.env, IWF_GATEWAY: gateway, IWF_PHONE: phone },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: Buffer[] = [];
  child.stderr.on('data', (bytes: Buffer) => said.push(bytes));
  const ended = once(child, 'exit');
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`kamailio: ${Buffer.concat(said).toString()}`);
  }
  return {
    async close() {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((done) => {
    socket.once('error', () => done(false)).once('connect', () => done(true));
  }).then((connected) => {
    socket.destroy();
    return connected === true;
  });
}
