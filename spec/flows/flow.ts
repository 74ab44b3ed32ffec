/** One golden conversation as it lies in spec/fixtures/flows/NN-name/: flow.yaml, and a file for each message. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export type Channel = 'sip' | 'msrp' | 'rest' | 'callback';

export interface Step {
  /** `03-out-invite.sip` */
  readonly file: string;
  /** Where it is stored. */
  readonly path: string;
  readonly channel: Channel;
  /** in: said to the gateway; out: said by it. */
  readonly direction: 'in' | 'out';
  /** Octet for octet, slots included; one character is one octet (latin1). */
  readonly template: string;
}

export interface Flow {
  /** `01-text-in-a-session` */
  readonly name: string;
  readonly title: string;
  /** Numbers of requirements that it proves. */
  readonly proves: readonly string[];
  /** The user's number in digits: everything that is said in this flow, and in no other, holds it. */
  readonly digits: string;
  readonly steps: readonly Step[];
}

interface Written {
  readonly title: string;
  readonly story: string;
  readonly proves: readonly string[];
  readonly user: string;
  readonly steps: Readonly<Record<string, string>>;
}

export const flowsFolder = fileURLToPath(new URL('../../../spec/fixtures/flows', import.meta.url));

/** By their numbers. */
export function readFlows(): readonly Flow[] {
  return readdirSync(flowsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map(readFlow);
}

function readFlow(name: string): Flow {
  const folder = join(flowsFolder, name);
  const { title, proves, user, steps } = parse(readFileSync(join(folder, 'flow.yaml'), 'utf8')) as Written;
  const files = readdirSync(folder)
    .filter((file) => file !== 'flow.yaml')
    .sort();
  const told = Object.keys(steps);
  if (files.join() !== told.join())
    throw new Error(`${name}: flow.yaml tells ${told.join()}, there are ${files.join()}`);
  return {
    name,
    title,
    proves,
    digits: user.replace(/\D/g, ''),
    steps: files.map((file) => readStep(folder, file)),
  };
}

const kinds: readonly (readonly [pattern: RegExp, channel: Channel, direction: 'in' | 'out'])[] = [
  [/^\d\d-in(-[a-z0-9-]+)?\.sip$/, 'sip', 'in'],
  [/^\d\d-out(-[a-z0-9-]+)?\.sip$/, 'sip', 'out'],
  [/^\d\d-in(-[a-z0-9-]+)?\.msrp$/, 'msrp', 'in'],
  [/^\d\d-out(-[a-z0-9-]+)?\.msrp$/, 'msrp', 'out'],
  [/^\d\d-rest-request\.http$/, 'rest', 'in'],
  [/^\d\d-rest-answer\.http$/, 'rest', 'out'],
  [/^\d\d-callback\.json$/, 'callback', 'out'],
];

function readStep(folder: string, file: string): Step {
  const kind = kinds.find(([pattern]) => pattern.test(file));
  if (!kind) throw new Error(`${folder}: no kind of step is called ${file}`);
  const [, channel, direction] = kind;
  const path = join(folder, file);
  return { file, path, channel, direction, template: onTheWire(file, readFileSync(path)) };
}

/** SIP and MSRP lie here as they are sent; JSON is written to be read, and sent without white space. */
function onTheWire(file: string, bytes: Buffer): string {
  if (file.endsWith('.json')) return compact(bytes.toString('utf8'));
  if (!file.endsWith('.http')) return bytes.toString('latin1');
  const text = bytes.toString('utf8').replace(/\n+$/, '');
  const blank = text.indexOf('\n\n');
  if (blank < 0) return latin1(text);
  const [head, body] = [text.slice(0, blank), text.slice(blank + 2)];
  const isJson = /^content-type: *application\/json/im.test(head);
  return `${latin1(head)}\n\n${isJson ? compact(body) : latin1(body)}`;
}

function compact(json: string): string {
  return json.trim() === '' ? '' : latin1(JSON.stringify(JSON.parse(json)));
}

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
