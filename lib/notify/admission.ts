/** How many callbacks may be under way at once, in all and per platform, origin and bot, so that nobody takes every place. */

/** A bound on what shares `key`. */
export interface Gate {
  readonly key: string;
  readonly max: number;
}

export interface Admission {
  /**
   * Enters all gates (outermost first), or none. Of the places inside a gate no single user takes more than are left
   * free: one alone may have half of them, many that hang have equal shares, and there is always room for one more.
   */
  enter(gates: readonly Gate[]): boolean;
  /** Leaves what was entered. */
  leave(gates: readonly Gate[]): void;
}

export function createAdmission(): Admission {
  const counts = new Map<string, number>();
  const count = (gate: Gate): number => counts.get(gate.key) ?? 0;
  return {
    enter(gates) {
      let free = Infinity;
      for (const gate of gates) {
        if (count(gate) >= Math.min(gate.max, free)) return false;
        free = gate.max - count(gate);
      }
      for (const gate of gates) counts.set(gate.key, count(gate) + 1);
      return true;
    },
    leave(gates) {
      for (const gate of gates) {
        const left = count(gate) - 1;
        if (left > 0) counts.set(gate.key, left);
        else counts.delete(gate.key);
      }
    },
  };
}
