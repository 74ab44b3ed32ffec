/** What the called and the calling side of the engine share. */
import type { Address, DialogId, EngineDelegate } from './api.js';
import { DialogTable } from './dialog/dialog.js';
import type { Settings } from './options.js';
import type { Path } from './transport/path.js';
import type { Resolve } from './transport/resolve.js';
import type { Timers } from './transaction/timers.js';
import type { TransportLayer } from './transport/transport.js';
import { printHostPort } from './message/uri.js';

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

/** Contact of ours for a peer on that path: the path's own listening address, else the first. */
export function contactFor(core: Core, path: Pick<Path, 'local'>): string {
  const { local } = path;
  const serving = core.listening.some((address) => address.protocol === local.protocol);
  const first = core.listening[0];
  if (serving || !first) return contactOf(local);
  return contactOf({ ...first, host: local.host });
}

function contactOf(address: Address): string {
  const transport = address.protocol === 'udp' ? '' : `;transport=${address.protocol}`;
  return `<sip:${printHostPort(address.host, address.port)}${transport}>`;
}
