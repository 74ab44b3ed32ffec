/** The latest of something, by key: beyond so many the one goes that was set longest ago. */
export class RecentMap<V> {
  private readonly max: number;
  private readonly values = new Map<string, V>();

  constructor(max: number) {
    this.max = max;
  }

  get size(): number {
    return this.values.size;
  }

  get(key: string): V | undefined {
    return this.values.get(key);
  }

  /** It is the latest now, also where it was there before. */
  set(key: string, value: V): void {
    this.values.delete(key);
    const oldest = this.values.size >= this.max ? this.values.keys().next().value : undefined;
    if (oldest !== undefined) this.values.delete(oldest);
    this.values.set(key, value);
  }

  delete(key: string): void {
    this.values.delete(key);
  }
}
