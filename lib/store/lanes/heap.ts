/** A binary heap of members that know their place in it, so that any of them can leave or move in O(log n). */

export interface HeapMember {
  /** Where it stands in the heap it is in; -1: in none. Written by the heap alone. */
  place: number;
}

export interface Heap<T extends HeapMember> {
  /** The member that comes before all others. */
  top(): T | undefined;
  add(member: T): void;
  /** Nothing happens where it is not in this heap. */
  remove(member: T): void;
}

/** `before(a, b)`: a comes first. A member may be in one heap at a time. */
export function createHeap<T extends HeapMember>(before: (a: T, b: T) => boolean): Heap<T> {
  const members: T[] = [];

  function set(member: T, place: number): void {
    members[place] = member;
    member.place = place;
  }

  function up(member: T, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = members[above];
      if (!parent || !before(member, parent)) break;
      set(parent, place);
      place = above;
    }
    set(member, place);
  }

  function down(member: T, from: number): void {
    let place = from;
    for (;;) {
      const child = firstChild(place);
      if (!child || !before(child, member)) break;
      const next = child.place;
      set(child, place);
      place = next;
    }
    set(member, place);
  }

  function firstChild(place: number): T | undefined {
    const left = members[2 * place + 1];
    const right = members[2 * place + 2];
    return left && right && before(right, left) ? right : left;
  }

  return {
    top: () => members[0],
    add: (member) => up(member, members.length),
    remove(member) {
      const place = member.place;
      if (members[place] !== member) return;
      member.place = -1;
      const last = members.pop();
      if (!last || last === member) return;
      set(last, place);
      up(last, place);
      down(last, last.place);
    },
  };
}
