/** Members of one name in one object (RFC 8259 §4): which of them counts nobody can know, so none is taken silently. */

const quote = 0x22;
const backslash = 0x5c;

/** Where a name stands for the second time in its object; undefined: nowhere. `text` is well-formed JSON. */
export function memberNamedTwice(text: string): number | undefined {
  /** Of each open object its names; of an array undefined. */
  const open: (Set<string> | undefined)[] = [];
  let names: Set<string> | undefined;
  let expectsName = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
        open.push(names);
        names = new Set();
        expectsName = true;
        break;
      case 0x5b: // [
        open.push(names);
        names = undefined;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        names = open.pop();
        expectsName = false;
        break;
      case 0x2c: // ,
        expectsName = names !== undefined;
        break;
      case quote: {
        const end = closingQuote(text, at);
        if (expectsName && names !== undefined) {
          const name = nameOf(text.slice(at, end + 1));
          if (names.has(name)) return at;
          names.add(name);
          expectsName = false;
        }
        at = end;
      }
    }
  }
  return undefined;
}

/** Of a string that begins at `openAt`: long ones are passed by the engine's own search. */
function closingQuote(text: string, openAt: number): number {
  for (let at = text.indexOf('"', openAt + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === backslash) escapes++;
    if (escapes % 2 === 0) return at;
  }
  return text.length;
}

function nameOf(quoted: string): string {
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
}
