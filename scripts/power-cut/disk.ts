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
        file.durable = file.pending.reduce(changed, file.durable);
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
      found.set(path, survivors(pending, chance).reduce(changed, durable));
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

function changed(content: Buffer, change: Change): Buffer {
  if ('length' in change) return resized(content, change.length);
  const { offset, bytes } = change;
  const result = resized(content, Math.max(content.length, offset + bytes.length));
  bytes.copy(result, offset);
  return result;
}

function resized(content: Buffer, length: number): Buffer {
  const result = Buffer.alloc(length);
  content.copy(result);
  return result;
}
