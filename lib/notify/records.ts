/** What notify keeps: one typed table for each kind of record; records are written by their table alone, so reading gives back what it wrote. */
import type { Json, Put, RecordKind, Remove, Store } from '../store/store.js';

export interface Kept<T> {
  /** The key without the table's prefix. */
  readonly id: string;
  readonly value: T;
  readonly revision: number;
}

export interface Page {
  readonly limit: number;
  /** Only what stands behind this id. */
  readonly after?: string | undefined;
}

export interface RecordTable<T extends object> {
  put(id: string, value: T, options?: Pick<Put, 'ttlMs' | 'ifRevision'>): Put;
  remove(id: string): Remove;
  get(store: Pick<Store, 'get'>, id: string): Promise<Kept<T> | undefined>;
  /** By id. */
  list(store: Pick<Store, 'list'>, page: Page): Promise<readonly Kept<T>[]>;
}

/** Records of `kind` whose keys begin with `prefix`, which no other table's do. */
export function recordTable<T extends object>(kind: RecordKind, prefix = ''): RecordTable<T> {
  return {
    put: (id, value, options = {}) => ({ kind, key: prefix + id, value: value as Json, ...options }),
    remove: (id) => ({ kind, key: prefix + id }),
    async get(store, id) {
      const record = await store.get(kind, prefix + id);
      return record && { id, value: record.value as T, revision: record.revision };
    },
    async list(store, { limit, after }) {
      const records = await store.list(kind, prefix, limit, after === undefined ? undefined : prefix + after);
      return records.map(({ key, value, revision }) => ({ id: key.slice(prefix.length), value: value as T, revision }));
    },
  };
}
