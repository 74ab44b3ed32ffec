/** How many callbacks may be under way at once, in all and per platform, origin and bot, so that nobody takes every place. */

/** A bound on what shares `key`. */
export interface Gate {
  readonly key: string;
  readonly max: number;
}

export interface Admission {
  /**
   * Enters all gates (outermost first, the user's own last), or none. Of the places inside a gate no single user takes
   * more than are left free: one alone may have half of them, and many that hang end with equal shares. A user who has
   * none may always have one, up to twice the outermost bound: however many hang, nobody waits for them.
   */
  enter(gates: readonly Gate[]): boolean;
  /** Leaves what was entered. */
  leave(gates: readonly Gate[]): void;
}

export function createAdmission(): Admission {
  const counts = new Map<string, number>();
  const count = (gate: Gate): number => counts.get(gate.key) ?? 0;
  const isFree = (gates: readonly Gate[]): boolean => {
    let free = Infinity;
    for (const gate of gates) {
      if (count(gate) >= Math.min(gate.max, free)) return false;
      free = gate.max - count(gate);
    }
    return true;
  };
  const isFirst = (gates: readonly Gate[]): boolean => {
    const [all, own] = [gates[0], gates.at(-1)];
    return all !== undefined && own !== undefined && count(own) === 0 && count(all) < 2 * all.max;
  };
  return {
    enter(gates) {
      if (!isFree(gates) && !isFirst(gates)) return false;
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
