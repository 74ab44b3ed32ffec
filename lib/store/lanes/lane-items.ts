/** The items of one lane, oldest first: taken from the head, added at the end, now and then one from the middle. */
import type { LaneItem } from './lanes.js';

/** What stands before `head` is gone; the array is cut when half of it is. */
export interface ItemRow {
  items: LaneItem[];
  head: number;
}

const worthCutting = 32;

export function depthOf(row: ItemRow): number {
  return row.items.length - row.head;
}

/** The first `count` items, oldest first. */
export function headItems(row: ItemRow, count: number): readonly LaneItem[] {
  return row.items.slice(row.head, row.head + count);
}

export function headItem(row: ItemRow): LaneItem | undefined {
  return row.items[row.head];
}

/** Its `seq` is greater than any in the row. */
export function addItem(row: ItemRow, item: LaneItem): void {
  row.items.push(item);
}

export function dropHead(row: ItemRow, count: number): void {
  row.head += count;
  if (row.head < worthCutting || row.head * 2 < row.items.length) return;
  row.items = row.items.slice(row.head);
  row.head = 0;
}

export function dropItem(row: ItemRow, item: LaneItem): void {
  const place = placeOf(row, item.seq);
  if (row.items[place] === item) row.items.splice(place, 1);
}

/** How many items stand before this one. */
export function itemsBefore(row: ItemRow, item: LaneItem): number {
  return placeOf(row, item.seq) - row.head;
}

function placeOf(row: ItemRow, seq: number): number {
  let low = row.head;
  let high = row.items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((row.items[middle]?.seq ?? seq) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
