/** The series of one metric: found by the values of their labels without making objects, and bounded in number. */

type Labels = Readonly<Record<string, string>>;

export interface Series<V> {
  /** What `open` made for these labels; undefined: they are not this metric's. */
  find(labels: Labels | undefined): V | undefined;
  all(): Iterable<V>;
}

/** A label whose values have no bound is a mistake; it costs this much and no more. */
const maxSeries = 1_000;
const maxValueCharacters = 100;
const overflow = 'other';
const none: Labels = {};

/** `open` makes the series of one set of labels; a label that is not given is empty. */
export function seriesOf<V>(names: readonly string[], open: (labels: Record<string, string>) => V): Series<V> {
  const known = new Map<string, V>();
  const make = (key: string, labels: Labels): V => {
    const isFull = known.size >= maxSeries;
    const at = isFull ? overflow : key;
    const found = known.get(at);
    if (found !== undefined) return found;
    const made = open(Object.fromEntries(names.map((name) => [name, isFull ? overflow : valueOf(labels, name)])));
    known.set(at, made);
    return made;
  };
  return {
    find(labels = none) {
      for (const name in labels) if (!names.includes(name)) return undefined;
      let key = '';
      for (const name of names) key += `${valueOf(labels, name)}\n`;
      return known.get(key) ?? make(key, labels);
    },
    all: () => known.values(),
  };
}

function valueOf(labels: Labels, name: string): string {
  const value = labels[name] ?? '';
  return value.length > maxValueCharacters ? value.slice(0, maxValueCharacters) : value;
}
