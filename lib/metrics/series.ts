/** The series of one metric: found by the values of their labels without making objects, and bounded in number. */

export interface Series {
  /** False where the labels or the value are not this metric's: nothing is counted then. */
  add(labels: Readonly<Record<string, string>> | undefined, value: number): boolean;
}

type Add = (value: number) => void;

/** A label whose values have no bound is a mistake; it costs this much and no more. */
const maxSeries = 1_000;
const maxValueCharacters = 100;
const overflow = 'other';

/** `open` makes the series of one set of labels. */
export function seriesOf(names: readonly string[], open: (labels: Record<string, string>) => Add): Series {
  const known = new Map<string, Add>();
  const others = names.map(() => overflow);
  const find = (values: readonly string[]): Add => {
    const key = values.join('\n');
    const found = known.get(key);
    if (found) return found;
    if (known.size >= maxSeries && values !== others) return find(others);
    const made = open(Object.fromEntries(names.map((name, at) => [name, values[at] ?? ''])));
    known.set(key, made);
    return made;
  };
  return {
    add(labels = {}, value) {
      if (!Number.isFinite(value) || value < 0) return false;
      for (const name in labels) if (!names.includes(name)) return false;
      find(names.map((name) => (labels[name] ?? '').slice(0, maxValueCharacters)))(value);
      return true;
    },
  };
}
