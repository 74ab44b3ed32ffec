/** What the called and the calling side of the engine share. */
import { isIPv6 } from 'node:net';
import type { Address, DialogId, EngineDelegate } from './api.js';
import { DialogTable } from './dialog/dialog.js';
import type { Settings } from './options.js';
import type { Path } from './transport/path.js';
import type { Resolve } from './transport/resolve.js';
import type { Timers } from './transaction/timers.js';
import type { TransportLayer } from './transport/transport.js';
import { printHostPort, transportParam } from './message/uri.js';

export interface Core {
  readonly settings: Settings;
  readonly timers: Timers;
  readonly transport: TransportLayer;
  readonly resolve: Resolve;
  readonly dialogs: DialogTable;
  /** Dialogs that INVITEs of ours may make. */
  readonly calling: Set<DialogId>;
  /** Where it listens, once started. */
  listening: readonly Address[];
  delegate: EngineDelegate | undefined;
  draining: boolean;
  closed: boolean;
}

/** Runs what is not ours; what it throws is told, and harms nobody. */
export function guarded(core: Core, action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    core.settings.onError(error);
    return false;
  }
}

/** Contact of ours for a peer on that path, for a message that has none. */
export function contactFor(core: Core, path: Pick<Path, 'local'>): string {
  const { host, port, protocol } = contactAddress(core, path);
  return `<sip:${printHostPort(host, port)}${transportParam(protocol)}>`;
}

/** Where a peer on that path reaches us again: the path's own listening address, else one of its family, else the first. */
export function contactAddress(core: Core, { local }: Pick<Path, 'local'>): Address {
  const { listening, settings } = core;
  if (listening.some(({ protocol, port }) => protocol === local.protocol && port === local.port)) return local;
  const near = listening.find(({ host }) => isIPv6(host) === isIPv6(local.host));
  if (near) return { ...near, host: local.host };
  const [first] = listening;
  return first ? { ...first, host: settings.advertise ?? first.host } : local;
}
