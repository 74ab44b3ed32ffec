/** Tokens found good a moment ago: their signature is not computed again for each request. */
import { createHash } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { Platform } from '../../iwf/actions.js';

export interface Verified {
  readonly platform: Platform;
  /** undefined: every API. */
  readonly scopes: ReadonlySet<string> | undefined;
}

/** As long as a token that its issuer has withdrawn may still pass. */
const maxAgeMs = 60_000;
const maxEntries = 10_000;

export class TokenCache {
  private readonly clock: Clock;
  private readonly entries = new Map<string, { readonly verified: Verified; readonly untilMs: number }>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get(token: string): Verified | undefined {
    const entry = this.entries.get(keyOf(token));
    return entry && entry.untilMs > this.clock.now() ? entry.verified : undefined;
  }

  /** Never beyond the end of the token itself. */
  set(token: string, verified: Verified, expiresAtMs: number): void {
    const key = keyOf(token);
    this.entries.delete(key);
    this.entries.set(key, { verified, untilMs: Math.min(this.clock.now() + maxAgeMs, expiresAtMs) });
    if (this.entries.size <= maxEntries) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      return;
    }
  }
}

/** Tokens themselves are not kept. */
function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
