// Compiles lib/, spec/ and scripts/ to dist/ (incremental).
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, utimesSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dirname, join } from 'node:path';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// A build record without its output would make tsc emit nothing.
if (!existsSync(join(root, 'dist/lib/main.js'))) rmSync(join(root, 'dist'), { recursive: true, force: true });
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', root], { cwd: root, stdio: 'inherit' });
// tsc leaves its record alone where nothing changed but times; scripts/start.mjs compares them.
if (status === 0) utimesSync(join(root, 'dist/.tsbuildinfo'), new Date(), new Date());
process.exit(status ?? 1);
