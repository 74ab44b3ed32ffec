/** Tags, branches and Call-IDs: 64 random bits each (RFC 3261 §19.3, §8.1.1.7). */
import { randomFillSync } from 'node:crypto';
import { MAGIC_COOKIE } from './via.js';

const pool = Buffer.alloc(4096);
let used = pool.length;

/** 16 hexadecimal digits. */
export function newToken(): string {
  if (used + 8 > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 8;
  return pool.toString('hex', used - 8, used);
}

export function newBranch(): string {
  return MAGIC_COOKIE + newToken();
}
