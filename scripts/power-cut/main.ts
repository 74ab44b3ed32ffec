/**
 * Cuts the power of a store: every call that it makes to the disk is recorded, the disk is rebuilt as it may be found
 * after a cut at many moments of it, and the store that opens on it must hold every message that was said to be
 * committed, unaltered, and none that was said to be settled. Needs strace; Linux.
 * node dist/scripts/power-cut/main.js [messages, default 600] [cuts, default 300] [seed, default random]
 */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chanceOf } from '../soak/chance.js';
import { Disk } from './disk.js';
import { faultsAfter } from './found.js';
import { diskEvents, straceOptions } from './system-calls.js';

const messages = Number(process.argv[2] ?? 600);
const cuts = Number(process.argv[3] ?? 300);
const seed = Number(process.argv[4] ?? randomInt(1_000_000_000));

const folder = mkdtempSync(join(tmpdir(), 'iwf-power-cut-'));
try {
  await run(record());
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function record(): string {
  const log = join(folder, 'calls');
  const writer = fileURLToPath(new URL('writer.js', import.meta.url));
  const command = [process.execPath, writer, join(folder, 'store.db'), String(messages)];
  const { status, error } = spawnSync('strace', [...straceOptions, '-o', log, ...command], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`the writer ended with ${status}`);
  return readFileSync(log, 'latin1');
}

async function run(log: string): Promise<void> {
  const events = [...diskEvents(log)].filter((event) => event.kind === 'said' || event.path.startsWith(folder));
  const chance = chanceOf(seed, 'moments');
  const moments = new Set(Array.from({ length: cuts }, () => chance.between(0, events.length - 1)));
  const disk = new Disk();
  const said: string[] = [];
  const counted = { committed: 0, syncs: 0, faults: 0 };
  for (const [at, event] of events.entries()) {
    if (event.kind === 'said') said.push(event.text.trim());
    else disk.apply(event);
    if (event.kind === 'sync') counted.syncs++;
    if (!moments.has(at)) continue;
    const faults = await faultsAfter({ found: disk.cut(chanceOf(seed, at)), said, folder: join(folder, 'found') });
    for (const fault of faults.slice(0, 5)) process.stdout.write(`  cut at call ${at}: ${fault}\n`);
    counted.faults += faults.length;
  }
  counted.committed = said.filter((text) => text.startsWith('committed')).length;
  process.stdout.write(`${JSON.stringify({ seed, calls: events.length, cuts: moments.size, ...counted })}\n`);
  if (counted.faults > 0 || counted.committed < messages) process.exitCode = 1;
}
