/** What a program of ours has started ends with it. */
import { expect } from 'chai';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

const module = new URL('../scripts/crash/children.js', import.meta.url).href;

/** Starts a process that would stay and says its id on the same output; then does on a word what it is to do. */
const program = (then: string): string => `
  import { spawn } from 'node:child_process';
  import { endsWithUs } from ${JSON.stringify(module)};
  const stays = 'process.stdout.write(String(process.pid)); setInterval(() => {}, 1000)';
  endsWithUs(spawn(process.execPath, ['-e', stays], { stdio: ['ignore', 'inherit', 'ignore'] }));
  process.stdin.once('data', () => { ${then} });`;

describe('a process that another one has started', () => {
  let parent: ChildProcessByStdio<Writable, Readable, null>;
  let pid: number;

  async function start(then: string): Promise<void> {
    const args = ['--input-type=module', '-e', program(then)];
    parent = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    pid = Number((await once(parent.stdout, 'data'))[0]);
  }

  afterEach(() => {
    parent.kill('SIGKILL');
    // One that has ended already is no error.
    if (parent.stdout.readable) process.kill(pid, 'SIGKILL');
  });

  /** Their common output ends when both have. */
  async function bothEnded(): Promise<void> {
    await once(parent.stdout.resume(), 'end');
  }

  for (const [signal, number] of [
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    it(`ends when that is told to end by ${signal}`, async () => {
      await start('');
      parent.kill(signal);
      const [exited] = await Promise.all([once(parent, 'exit'), bothEnded()]);
      expect(exited).to.deep.equal([128 + number, null]);
    });
  }

  for (const [how, then, expected] of [
    ['by itself', 'process.exit(3)', 3],
    ['by an error', 'throw new RangeError()', 1],
  ] as const) {
    it(`ends when that ends ${how}`, async () => {
      await start(then);
      parent.stdin.write('go');
      const [exited] = await Promise.all([once(parent, 'exit'), bothEnded()]);
      expect(exited).to.deep.equal([expected, null]);
    });
  }
});
