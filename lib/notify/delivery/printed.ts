/** A notification as it is sent: JSON as it is kept, or the same as XML where its subscription says so (OMA REST NetAPI, notificationFormat). */
import { printXml } from '../../resources/forms/xml-form.js';
import type { NotifyItem } from './item.js';

export type PrintedItem = Pick<NotifyItem, 'body' | 'format'>;

export interface Printed {
  readonly contentType: 'application/json' | 'application/xml';
  /** The same octets at every try. */
  readonly body: string;
}

/** A callback's body. */
export function printItem({ body, format }: PrintedItem): Printed {
  if (format === undefined) return { contentType: 'application/json', body };
  return { contentType: 'application/xml', body: printXml(JSON.parse(body) as object) };
}

/** What a WebSocket carries: lists in the order of the items, as few as their forms allow. */
export function printFrames(items: readonly PrintedItem[]): readonly string[] {
  const runs: PrintedItem[][] = [];
  for (const item of items) {
    const run = runs.at(-1);
    if (run && run[0]?.format === item.format) run.push(item);
    else runs.push([item]);
  }
  return runs.map(printFrame);
}

function printFrame(items: readonly PrintedItem[]): string {
  // The texts are complete JSON already.
  const json = `{"notificationList":[${items.map(({ body }) => body).join(',')}]}`;
  return printItem({ ...items[0], body: json }).body;
}
