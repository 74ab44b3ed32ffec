// Builds where dist/ is missing or older than lib/, then is the gateway: `npm start -- --config FILE`, or the demo.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'dist/lib/main.js');
const record = join(root, 'dist/.tsbuildinfo');
const lib = join(root, 'lib');

function newest(folder) {
  let atMs = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) atMs = Math.max(atMs, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return atMs;
}

// An installation without sources has been built elsewhere.
function isCurrent() {
  if (!existsSync(lib)) return true;
  return existsSync(main) && existsSync(record) && statSync(record).mtimeMs >= newest(lib);
}

if (!isCurrent()) {
  process.stderr.write('building…\n');
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

// npm hands SIGTERM to its shell, which dies of it and tells nobody: who has lost his parent has been told to stop.
if (process.env.npm_lifecycle_event !== undefined) {
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGTERM'), 500).unref();
}

// In this process, not in a child that could stay behind.
await import(pathToFileURL(main).href);
