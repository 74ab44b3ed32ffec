/** Whether bot JSON is what phones expect (GSMA RCC.07 §3.6.10.4): judged as it stands, never changed. */
import { isUtf8 } from 'node:buffer';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { ApiError } from './api-error.js';
import { botJsonSchema } from './bot-json-schema.js';
import { isRecord } from './forms/dialects.js';
import { parseJson } from './forms/json-text.js';
import { failureOf } from './forms/validator.js';

/** What is wrong, in words that hold nothing of the content. */
export interface BotJsonFinding {
  /** As `message.generalPurposeCard.content.title`; `JSON` for the whole of it. */
  readonly part: string;
  readonly problem: string;
}

export const botJsonTypes: readonly string[] = [
  'application/vnd.gsma.botmessage.v1.0+json',
  'application/vnd.gsma.botsuggestion.v1.0+json',
];

const ajv = new Ajv2020({ strict: true, ownProperties: true, validateSchema: false });
ajv.addKeyword({
  keyword: 'exactlyOneOf',
  type: 'object',
  schemaType: 'array',
  before: 'required',
  errors: false,
  error: { message: ({ schema }) => `must have exactly one of ${namesOf(schema)}` },
  validate: (names: readonly string[], value: unknown) => countOf(names, value) === 1,
});
ajv.addKeyword({
  keyword: 'someOf',
  type: 'object',
  schemaType: 'array',
  errors: false,
  error: { message: ({ schema }) => `must have one of ${namesOf(schema)}` },
  validate: (names: readonly string[], value: unknown) => countOf(names, value) > 0,
});
/** Compiled when it is first needed. */
let compiled: ValidateFunction | undefined;

/** The first thing that is wrong; undefined: nothing is. */
export function judgeBotJson(content: Buffer): BotJsonFinding | undefined {
  if (!isUtf8(content)) return { part: 'JSON', problem: 'is not UTF-8' };
  const read = parsed(content.toString('utf8'));
  if ('finding' in read) return read.finding;
  const validate = (compiled ??= ajv.compile(botJsonSchema));
  if (validate(read.value)) return undefined;
  const { part, problem, allowed } = failureOf(validate.errors?.[0]);
  return {
    part: part === '' ? 'JSON' : part,
    problem: allowed === undefined ? problem : `must be one of ${allowed.join(', ')}`,
  };
}

function parsed(text: string): { readonly value: unknown } | { readonly finding: BotJsonFinding } {
  try {
    return { value: parseJson(text) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const [part = 'JSON', problem = 'malformed'] = error.variables;
    return { finding: { part, problem } };
  }
}

function namesOf(schema: unknown): string {
  return (schema as readonly string[]).join(', ');
}

function countOf(names: readonly string[], value: unknown): number {
  return isRecord(value) ? names.filter((name) => Object.hasOwn(value, name)).length : 0;
}
