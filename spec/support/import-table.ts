/** Who may import whom: the table of the design, in the form that the architecture spec enforces. */

export interface Row {
  /** A folder of lib/, or a file in it. */
  readonly area: string;
  /** Areas that may be imported by value. */
  readonly values?: readonly string[];
  /** Areas of which types alone may be imported. */
  readonly types?: readonly string[];
  /** Packages and node: builtins. */
  readonly packages?: readonly string[];
}

const handedIn = ['clock', 'log', 'metrics', 'trace/trace'];
const errors = 'errors';
const folder = 'folder';
const bucket = 'token-bucket';

/** The longest area that a file lies in decides; what stands nowhere in its row is forbidden. */
export const importTable: readonly Row[] = [
  { area: 'wire', packages: ['saxes', 'node:buffer'] },
  { area: 'resources', packages: ['saxes', 'ajv', 'ajv-formats', 'node:buffer'] },
  { area: 'mapping', values: ['wire', 'resources'], packages: ['node:buffer'] },
  {
    area: 'sip-engine',
    types: ['clock', 'log', 'metrics'],
    packages: [
      'node:buffer',
      'node:crypto',
      'node:dgram',
      'node:dns',
      'node:events',
      'node:net',
      'node:os',
      'node:timers',
      'node:tls',
      'node:worker_threads',
    ],
  },
  {
    area: 'sip',
    values: ['wire', errors],
    types: ['msrp', ...handedIn],
    packages: ['node:buffer', 'node:crypto', 'node:net', 'node:fs', 'node:url'],
  },
  {
    area: 'sip/drachtio',
    values: ['wire', 'sip', errors],
    types: ['msrp', ...handedIn],
    packages: ['drachtio-srf', 'node:buffer', 'node:crypto', 'node:net', 'node:os', 'node:path'],
  },
  {
    area: 'msrp',
    values: ['wire', errors],
    types: handedIn,
    packages: ['node:buffer', 'node:crypto', 'node:dns', 'node:net', 'node:tls'],
  },
  {
    area: 'notify',
    values: ['resources', errors],
    // iwf/actions is the seam that notify fulfils towards the REST face.
    types: ['store', 'iwf/actions', ...handedIn],
    packages: ['undici', 'node:buffer', 'node:crypto', 'node:dns', 'node:net', 'node:stream'],
  },
  {
    area: 'store',
    values: [errors, folder],
    types: ['resources', ...handedIn],
    packages: [
      'better-sqlite3',
      'better-sqlite3-12',
      'ioredis',
      'node:buffer',
      'node:crypto',
      'node:fs',
      'node:path',
      'node:worker_threads',
    ],
  },
  { area: 'trace', values: ['wire'], packages: ['node:buffer', 'node:net', 'node:dgram'] },
  {
    area: 'iwf',
    values: ['mapping', 'wire', 'resources', errors, bucket],
    types: ['sip', 'msrp', 'notify', 'store', ...handedIn],
    packages: ['node:buffer', 'node:crypto'],
  },
  {
    area: 'rest',
    values: ['resources', errors, bucket],
    types: ['iwf', ...handedIn],
    packages: [
      'express',
      'jose',
      'swagger-ui-dist',
      'ws',
      'yaml',
      'node:buffer',
      'node:crypto',
      'node:fs',
      'node:http',
      'node:https',
      'node:module',
      'node:net',
      'node:path',
      'node:stream',
      'node:tls',
      'node:url',
    ],
  },
  {
    area: 'sim',
    values: ['wire', 'msrp', 'resources', errors],
    types: handedIn,
    packages: ['sip.js', 'node:buffer', 'node:crypto', 'node:events', 'node:http', 'node:net', 'node:url'],
  },
  { area: 'config', packages: ['ajv', 'yaml', 'node:fs', 'node:net', 'node:url'] },
  {
    area: 'log',
    values: [folder],
    types: ['clock', 'metrics'],
    packages: ['winston', 'node:crypto', 'node:fs', 'node:path', 'node:stream'],
  },
  { area: 'metrics', types: ['log'], packages: ['prom-client'] },
  { area: 'clock' },
  { area: 'errors' },
  { area: bucket },
  { area: folder, packages: ['node:fs', 'node:path'] },
  { area: 'command-line', packages: ['node:util'] },
];

/**
 * Rooms of a folder that stand below its others: what each may import of its own folder by value. So a room can be read, and
 * tried, by itself; types go either way, for they are the words that all rooms share.
 */
export const inner: Readonly<Record<string, readonly string[]>> = {
  'sip-engine/message': [],
  'sip-engine/transport': ['sip-engine/message'],
  'sip-engine/transaction': ['sip-engine/message'],
  'sip-engine/drachtio': [],
  'sip/drachtio': ['sip/header-list', 'sip/reason-phrase'],
  'sip/routing': [],
  'notify/callback': [],
  'notify/pace': [],
  'rest/http': [],
  'store/lanes': [],
};

/** The composition root may import everything; files, and a folder of their parts. */
export const root = ['main', 'gateway', 'demo'];

/** What a file must not be called after: a name that says nothing of what is in it. */
export const emptyWords = ['manager', 'helper', 'helpers', 'util', 'utils', 'common', 'base', 'service', 'misc'];
