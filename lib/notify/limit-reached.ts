/** Which of several limits leaves no room for one more: its key in the configuration. */

export type Held = readonly [key: string, held: number, most: number];

/** The first that is full; undefined: there is room. */
export function limitReached(limits: readonly Held[]): string | undefined {
  return limits.find(([, held, most]) => held >= most)?.[0];
}
