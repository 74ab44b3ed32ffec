/** Things in the order of their last use: each knows its neighbours, so that to make one the latest costs no look-up. */

export interface Recent<T> {
  older: T | undefined;
  newer: T | undefined;
}

export interface Recency<T> {
  readonly oldest: T | undefined;
  /** Makes it the latest; one that was not here yet is added. */
  touch(member: T): void;
  /** Nothing happens where it is not here. */
  remove(member: T): void;
}

/** A member may be in one of these at a time. */
export function createRecency<T extends Recent<T>>(): Recency<T> {
  let oldest: T | undefined;
  let latest: T | undefined;

  function remove(member: T): void {
    const { older, newer } = member;
    if (older) older.newer = newer;
    else if (oldest === member) oldest = newer;
    else return;
    if (newer) newer.older = older;
    else latest = older;
    member.older = member.newer = undefined;
  }

  return {
    get oldest() {
      return oldest;
    },
    touch(member) {
      if (latest === member) return;
      remove(member);
      member.older = latest;
      if (latest) latest.newer = member;
      else oldest = member;
      latest = member;
    },
    remove,
  };
}
