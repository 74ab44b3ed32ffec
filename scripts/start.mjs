// Builds where dist/ is missing or older than lib/, then becomes the gateway: `npm start -- --config FILE`, or the demo.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'dist/lib/main.js');
const record = join(root, 'dist/.tsbuildinfo');

function newest(folder) {
  let atMs = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) atMs = Math.max(atMs, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return atMs;
}

if (!existsSync(main) || !existsSync(record) || statSync(record).mtimeMs < newest(join(root, 'lib'))) {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
// A terminal signals the whole group; a supervisor only this process.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
