/** Addresses are numbers here: the system's resolver would only cost time. */
import { isIPv6 } from 'node:net';

type Lookup = (host: string, options: unknown, done: (error: null, address: string, family: number) => void) => void;

export const numeric: Lookup = (host, _options, done) => done(null, host, isIPv6(host) ? 6 : 4);
