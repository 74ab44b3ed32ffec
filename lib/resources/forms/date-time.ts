/** A point in time as JSON and XML name it (RFC 3339 §5.6). */

export const dateTimePattern = '^\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?(?:[Zz]|[+-]\\d\\d:\\d\\d)$';

const form = new RegExp(dateTimePattern);

/** Of that form, and a day and hour that there are: Date.parse also takes the 30th of February, for the 2nd of March, and 24 o'clock. */
export function isDateTime(text: string): boolean {
  if (!form.test(text) || Number.isNaN(Date.parse(text)) || text.slice(11, 13) === '24') return false;
  const day = text.slice(0, 10);
  return new Date(Date.parse(`${day}T00:00:00Z`)).toISOString().startsWith(day);
}
