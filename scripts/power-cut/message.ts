/** The text of a message, so that whoever knows its id can tell whether it was altered. */

/** 900 to 2,300 characters: a page of the store and its overflow. */
export function textOf(id: string): string {
  const number = Number(id.slice(1));
  return `${id} ${'€0123456789'.repeat(80 + ((number * 37) % 120))}`;
}
