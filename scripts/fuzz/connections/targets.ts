/** The ways in that whole connections are fuzzed on. */
import type { Random } from '../random.js';
import { httpScript } from './http-scripts.js';
import { msrpScript } from './msrp-scripts.js';
import type { Script } from './script.js';
import { sipScript } from './sip-scripts.js';

export interface ConnectionTarget {
  readonly name: string;
  readonly script: (random: Random) => Script;
}

export const connectionTargets: readonly ConnectionTarget[] = [
  { name: 'connection-sip-udp', script: (random) => sipScript('sip-udp', random) },
  { name: 'connection-sip-tcp', script: (random) => sipScript('sip-tcp', random) },
  { name: 'connection-msrp', script: msrpScript },
  { name: 'connection-rest', script: (random) => httpScript('rest', random) },
  { name: 'connection-admin', script: (random) => httpScript('admin', random) },
];
