/** The one Ajv: a body against its schema, and what fails as the error that names the part (OMA REST NetAPI Common, SVC0002, SVC0003, SVC0280). */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { ApiError } from '../api-error.js';
import { inSchemaOrder, isRecord, readDialects } from './dialects.js';
import { type Schema, wordsOf } from './schema.js';

// That the schemas are schemas is for the specs.
const ajv = new Ajv2020({ strict: true, ownProperties: true, messages: true, validateSchema: false });
ajv.addVocabulary(['xml']);

export interface Failure {
  /** Below the root, e.g. `callbackReference.notifyURL`; empty for the root itself. */
  readonly part: string;
  readonly problem: string;
  /** Of an enumeration: its values. */
  readonly allowed?: readonly string[];
  /** Of a text that is too long: how long it may be. */
  readonly maxLength?: number;
}

export type Outcome<T> =
  { readonly kind: 'value'; readonly value: T } | { readonly kind: 'failure'; readonly failure: Failure };

/** Reads a body with its root element; throws ApiError. */
export type Parser<T> = (body: unknown) => T;

/** A reader of either dialect for the schema; its value has the schema's members only, in the schema's types. */
export function compile<T>(schema: Schema): (value: unknown) => Outcome<T> {
  // When it is first needed: to compile all of them is a third of the time that a start takes.
  let compiled: ValidateFunction<T> | undefined;
  return (value) => {
    const valid = (compiled ??= ajv.compile<T>(schema));
    const read = readDialects(schema, value);
    if (valid(read)) return { kind: 'value', value: read };
    return { kind: 'failure', failure: failureOf(valid.errors?.[0]) };
  };
}

/** A body `{root: {…}}` with the one root element; throws ApiError naming the part as `root.member`. */
export function rootParser<T>(root: string, schema: Schema): Parser<T> {
  const read = compile<T>(schema);
  return (body) => {
    rootElement(body, [root]);
    const outcome = read((body as Readonly<Record<string, unknown>>)[root]);
    if (outcome.kind === 'value') return outcome.value;
    throw failed(root, outcome.failure);
  };
}

/** `{root: {…}}` with the members in the schema's order. */
export function rootPrinter(root: string, schema: Schema): (value: object) => Record<string, unknown> {
  return (value) => ({ [root]: inSchemaOrder(schema, value) });
}

/** The name of the body's one root element; throws SVC0002 where it has none of `allowed`, or more than one. */
export function rootElement<R extends string>(body: unknown, allowed: readonly R[]): R {
  const expected = allowed.join(' or ');
  if (!isRecord(body)) throw new ApiError('SVC0002', [expected, 'the body is not an object with one root element']);
  const names = Object.keys(body);
  if (names.length > 1) throw new ApiError('SVC0002', [expected, 'more than one root element']);
  const root = allowed.find((one) => one === names[0]);
  if (root === undefined) throw new ApiError('SVC0002', [expected, 'root element missing']);
  return root;
}

/** SVC0002 for one part, with what is wrong with it as a second variable. */
export function invalid(part: string, problem: string): ApiError {
  return new ApiError('SVC0002', [part, problem]);
}

function failed(root: string, failure: Failure): ApiError {
  const part = failure.part === '' ? root : `${root}.${failure.part}`;
  if (failure.allowed !== undefined) return new ApiError('SVC0003', [part, failure.allowed.join(', ')]);
  if (failure.maxLength !== undefined) return new ApiError('SVC0280', [String(failure.maxLength), part]);
  return invalid(part, failure.problem);
}

export function failureOf(error: ErrorObject | undefined): Failure {
  if (error === undefined) return { part: '', problem: 'invalid' };
  const part = partOf(error.instancePath);
  const params = error.params as Readonly<Record<string, unknown>>;
  const problem = error.message ?? error.keyword;
  switch (error.keyword) {
    case 'required':
      return { part: joined(part, String(params['missingProperty'])), problem: 'is required' };
    case 'enum':
      return { part, problem, allowed: params['allowedValues'] as readonly string[] };
    case 'maxLength':
      return { part, problem, maxLength: params['limit'] as number };
    case 'pattern':
      return { part, problem: wordsOf[String(params['pattern'])] ?? 'has a form that is not allowed here' };
    default:
      return { part, problem };
  }
}

/** A JSON pointer as people write it: `/a/0/b` → `a[0].b`. The schema's own names need no unescaping. */
function partOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .reduce((part, step) => (/^[0-9]+$/.test(step) ? `${part}[${step}]` : joined(part, step)), '');
}

function joined(part: string, name: string): string {
  return part === '' ? name : `${part}.${name}`;
}
