/** The ways in that whole connections are fuzzed on, and the peers that the gateway calls. */
import type { Random } from '../random.js';
import { callbackAnswers, issuerAnswers } from './http-answers.js';
import { httpScript } from './http-scripts.js';
import { msrpAnswers } from './msrp-answers.js';
import { msrpScript } from './msrp-scripts.js';
import type { Script } from './script.js';
import { sipAnswers } from './sip-answers.js';
import { handshakeScript, payloadScript } from './tls-scripts.js';
import { sipScript } from './sip-scripts.js';

export interface ConnectionTarget {
  readonly name: string;
  readonly script: (random: Random) => Script;
  /** How many are played at once where it is not the usual number: a call of the gateway costs more than one to it. */
  readonly together?: number;
  /** In a world whose ports are under TLS. */
  readonly secure?: boolean;
}

const calledTogether = 12;
/** Handshakes of all at once would keep the first requests waiting longer than the short times of this gateway. */
const securedTogether = 32;

export const connectionTargets: readonly ConnectionTarget[] = [
  { name: 'connection-sip-udp', script: (random) => sipScript('sip-udp', random) },
  { name: 'connection-sip-tcp', script: (random) => sipScript('sip-tcp', random) },
  { name: 'connection-msrp', script: msrpScript },
  { name: 'connection-rest', script: (random) => httpScript('rest', random) },
  { name: 'connection-admin', script: (random) => httpScript('admin', random) },
  { name: 'called-callback', script: callbackAnswers, together: calledTogether },
  { name: 'called-issuer', script: issuerAnswers, together: calledTogether },
  { name: 'called-sip-udp', script: (random) => sipAnswers('hop-udp', random), together: calledTogether },
  { name: 'called-sip-tcp', script: (random) => sipAnswers('hop-tcp', random), together: calledTogether },
  { name: 'called-msrp', script: msrpAnswers, together: calledTogether },
  { name: 'tls-handshakes', script: handshakeScript, secure: true, together: securedTogether },
  { name: 'tls-payloads', script: payloadScript, secure: true, together: securedTogether },
];
