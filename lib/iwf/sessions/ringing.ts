/** The INVITEs of ours that are on their way: each is cancelled by who has asked for it, all of them at the end. */

export class Ringing {
  /** One of its own for each: on a signal that all share their listeners would pile up. */
  private readonly underWay = new Set<AbortController>();
  private isOver = false;

  get size(): number {
    return this.underWay.size;
  }

  /** `invite` is given the signal that cancels its INVITE. */
  async during<T>(signal: AbortSignal | undefined, invite: (cancel: AbortSignal) => Promise<T>): Promise<T> {
    const own = new AbortController();
    const cancel = (): void => own.abort();
    if (this.isOver || signal?.aborted) cancel();
    this.underWay.add(own);
    signal?.addEventListener('abort', cancel);
    try {
      return await invite(own.signal);
    } finally {
      this.underWay.delete(own);
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Also what would ring from now on. */
  cancelAll(): void {
    this.isOver = true;
    for (const own of this.underWay) own.abort();
  }
}
