/** The SQLite store keeps the promises of every store, and those of its file. */
import { join } from 'node:path';
import { openStore } from '../../../lib/store/open.js';
import { describeStore } from '../conformance/conformance.js';
import { quietLog, temporaryFolder, type Backend } from '../harness.js';

async function sqliteBackend(): Promise<Backend> {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'data', 'iwf.db');
  return {
    open: (clock, limits = {}) =>
      openStore({ kind: 'sqlite', path, allowVolatile: false, clock, log: quietLog, limits }),
    cleanUp: folder.remove,
  };
}

describeStore('sqlite', sqliteBackend);
