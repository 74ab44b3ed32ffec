/** Where claimed lanes wait for a place: in the order of their coming per bot and origin, and no bot takes all the room. */

export interface LaneRoom<Lane> {
  readonly size: number;
  /** False: there is no room for one more of this group. */
  add(group: string, lane: Lane): boolean;
  /** Lanes of the group that wait. */
  count(group: string): number;
  /** Takes out the first lane that may `start`: of this group if there is one, else of another; undefined: none. */
  next(group: string, start: (lane: Lane) => boolean): Lane | undefined;
  /** Takes out all. */
  clear(): readonly Lane[];
}

export function createLaneRoom<Lane>(max: number, maxPerGroup: number): LaneRoom<Lane> {
  const groups = new Map<string, Lane[]>();
  let size = 0;
  const takeFirst = (group: string, start: (lane: Lane) => boolean): Lane | undefined => {
    const lanes = groups.get(group);
    const [first] = lanes ?? [];
    if (!lanes || first === undefined || !start(first)) return undefined;
    lanes.shift();
    if (lanes.length === 0) groups.delete(group);
    size--;
    return first;
  };
  return {
    get size() {
      return size;
    },
    add(group, lane) {
      const lanes = groups.get(group) ?? [];
      // No more than are left free, so that many that are slow leave room for one that is not; the first has it always.
      const free = lanes.length === 0 && size < 2 * max ? 1 : max - size;
      if (lanes.length >= Math.min(maxPerGroup, free)) return false;
      lanes.push(lane);
      groups.set(group, lanes);
      size++;
      return true;
    },
    count: (group) => groups.get(group)?.length ?? 0,
    next(group, start) {
      const same = takeFirst(group, start);
      if (same !== undefined) return same;
      for (const other of groups.keys()) {
        const lane = other === group ? undefined : takeFirst(other, start);
        if (lane !== undefined) return lane;
      }
      return undefined;
    },
    clear() {
      const all = [...groups.values()].flat();
      groups.clear();
      size = 0;
      return all;
    },
  };
}
