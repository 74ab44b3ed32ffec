/** Paths into a configuration: keys and list indices, as `platforms[0].chatbots[1].uri`. */

export type Path = readonly (string | number)[];

export function printPath(path: Path): string {
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('');
}

export type Tree = Readonly<Record<string, unknown>>;

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return (value as readonly unknown[])[Number(step)];
    return isTree(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }, tree);
}

/** A copy of `tree` with `value` at `path`; what is missing on the way is made. */
export function withValueAt(tree: unknown, path: Path, value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === 'number') {
    const items: unknown[] = Array.isArray(tree) ? [...(tree as readonly unknown[])] : [];
    items[step] = withValueAt(items[step], rest, value);
    return items;
  }
  const old = isTree(tree) ? tree : {};
  return { ...old, [step]: withValueAt(Object.hasOwn(old, step) ? old[step] : undefined, rest, value) };
}

/**
 * `over` laid over `base`: objects key by key, all else replaced. A section whose keys are all commented out is
 * null in YAML, and means that nothing of it changes.
 */
export function overlay(base: unknown, over: unknown): unknown {
  if (!isTree(base)) return over;
  if (over === null) return base;
  if (!isTree(over)) return over;
  const merged = new Map<string, unknown>(Object.entries(base));
  for (const [key, value] of Object.entries(over))
    merged.set(key, merged.has(key) ? overlay(merged.get(key), value) : value);
  return Object.fromEntries(merged);
}
