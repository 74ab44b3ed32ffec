/** A disk whose power can be cut: what was synced is there, of the rest any sectors in any order, or none. */
import type { Chance } from '../soak/chance.js';
import type { DiskEvent } from './system-calls.js';

type Change = { readonly offset: number; readonly bytes: Buffer } | { readonly length: number };

interface File {
  durable: Buffer;
  /** Since the last sync. */
  pending: Change[];
}

/** What a disk writes in one go, or not at all. */
const sectorBytes = 512;

export class Disk {
  private readonly files = new Map<string, File>();

  apply(event: DiskEvent): void {
    switch (event.kind) {
      case 'write':
        this.file(event.path).pending.push({ offset: event.offset, bytes: event.bytes });
        return;
      case 'truncate':
        this.file(event.path).pending.push({ length: event.length });
        return;
      case 'sync': {
        const file = this.file(event.path);
        file.durable = written(file.durable, file.pending);
        file.pending = [];
        return;
      }
      case 'remove':
        this.files.delete(event.path);
        return;
      case 'said':
    }
  }

  /** The files as one finds them when the power is back: nothing of what waited, all of it, or some sectors of it. */
  cut(chance: Chance): ReadonlyMap<string, Buffer> {
    const found = new Map<string, Buffer>();
    for (const [path, { durable, pending }] of this.files) {
      found.set(path, written(durable, survivors(pending, chance)));
    }
    return found;
  }

  private file(path: string): File {
    const known = this.files.get(path);
    if (known) return known;
    const file = { durable: Buffer.alloc(0), pending: [] };
    this.files.set(path, file);
    return file;
  }
}

function survivors(pending: readonly Change[], chance: Chance): readonly Change[] {
  switch (chance.between(0, 2)) {
    case 0:
      return [];
    case 1:
      return pending;
    default:
      return pending.flatMap(sectors).filter(() => chance.happens(0.5));
  }
}

function sectors(change: Change): readonly Change[] {
  if ('length' in change) return [change];
  const { offset, bytes } = change;
  const parts: Change[] = [];
  for (let at = 0; at < bytes.length; at += sectorBytes) {
    parts.push({ offset: offset + at, bytes: bytes.subarray(at, at + sectorBytes) });
  }
  return parts;
}

/** The content after the changes, in their order; `content` stays as it is. */
function written(content: Buffer, changes: readonly Change[]): Buffer {
  const room = changes.reduce((most, change) => Math.max(most, endOf(change)), content.length);
  const result = Buffer.alloc(room);
  content.copy(result);
  let { length } = content;
  for (const change of changes) {
    if ('length' in change) {
      result.fill(0, change.length);
      length = change.length;
    } else {
      change.bytes.copy(result, change.offset);
      length = Math.max(length, endOf(change));
    }
  }
  return result.subarray(0, length);
}

function endOf(change: Change): number {
  return 'length' in change ? change.length : change.offset + change.bytes.length;
}
