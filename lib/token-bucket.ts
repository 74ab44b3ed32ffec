/** A rate: a bucket that holds one second's worth, and fills again as time passes. */
export class TokenBucket {
  private tokens: number;
  private atMs: number;

  /** Full: `perS` tokens. */
  constructor(perS: number, nowMs: number) {
    this.tokens = perS;
    this.atMs = nowMs;
  }

  /** What is left of a second's worth. */
  get level(): number {
    return this.tokens;
  }

  /** False: there is none now. `perS`: the rate that holds since the last time. */
  take(perS: number, nowMs: number): boolean {
    // A clock that was set back gives nothing.
    this.tokens = Math.min(perS, this.tokens + (Math.max(0, nowMs - this.atMs) * perS) / 1000);
    this.atMs = nowMs;
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }
}
