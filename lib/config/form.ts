/** The forms a configuration value can have: plain JSON schemas, and the type that each of them stands for. */

/** `secret` marks what `--print-config` and error lines must not show: the whole value, or the password of a URL. */
interface Marks {
  readonly description?: string;
  readonly secret?: 'whole' | 'password';
}

export interface TextForm extends Marks {
  readonly type: 'string';
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength: number;
  /** No text holds what could end a line, wherever it goes: a header, a file, a log. */
  readonly not: { readonly pattern: string };
}

export interface NumberForm extends Marks {
  readonly type: 'integer' | 'number';
  readonly minimum: number;
  readonly maximum: number;
}

export interface SwitchForm extends Marks {
  readonly type: 'boolean';
}

export interface ChoiceForm<V extends string | number = string | number> extends Marks {
  readonly enum: readonly V[];
}

export interface ListForm<I = Form> extends Marks {
  readonly type: 'array';
  readonly items: I;
  readonly minItems?: number;
  readonly maxItems: number;
}

export interface ObjectForm<P = Forms, R = PropertyKey> extends Marks {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly properties: P;
  readonly required: readonly R[];
}

/** Names that the operator chooses, each with a text. */
export interface MapForm extends Marks {
  readonly type: 'object';
  readonly additionalProperties: TextForm;
  readonly propertyNames: { readonly pattern: string };
}

export type Form = TextForm | NumberForm | SwitchForm | ChoiceForm | ListForm | ObjectForm | MapForm;
export type Forms = Readonly<Record<string, Form>>;

/** The deeply readonly type of the values of a form. */
export type ValueOf<F> =
  F extends ChoiceForm<infer V>
    ? V
    : F extends TextForm
      ? string
      : F extends NumberForm
        ? number
        : F extends SwitchForm
          ? boolean
          : F extends MapForm
            ? Readonly<Record<string, string>>
            : F extends ListForm<infer I>
              ? readonly ValueOf<I>[]
              : F extends ObjectForm<infer P, infer R>
                ? Flat<
                    { readonly [K in keyof P as K extends R ? K : never]: ValueOf<P[K]> } & {
                      readonly [K in keyof P as K extends R ? never : K]?: ValueOf<P[K]>;
                    }
                  >
                : never;

type Flat<T> = { readonly [K in keyof T]: T[K] };

/** Keys of `required` must be there once the defaults are in; those of `optional` need not. */
export function object<R extends Forms>(required: R): ObjectForm<R, keyof R>;
export function object<R extends Forms, O extends Forms>(required: R, optional: O): ObjectForm<R & O, keyof R>;
export function object(required: Forms, optional: Forms = {}): ObjectForm {
  const properties = { ...required, ...optional };
  return { type: 'object', additionalProperties: false, properties, required: Object.keys(required) };
}

/** Secret if its items are: who forgets the brackets has written one of them in its place. */
export function list<I extends Form>(items: I, bounds: { minItems?: number; maxItems?: number } = {}): ListForm<I> {
  const marks = items.secret === undefined ? {} : { secret: items.secret };
  return { type: 'array', items, maxItems: 10_000, ...bounds, ...marks };
}

/** Of ASCII and of Unicode: C0, DEL, C1, and the separators of lines and paragraphs. */
const controls = '[\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]';

export function text(description: string, pattern?: string, maxLength = 1024): TextForm {
  const not = { pattern: controls };
  return { type: 'string', description, minLength: 1, maxLength, not, ...(pattern !== undefined && { pattern }) };
}

export function secret(form: TextForm, what: 'whole' | 'password' = 'whole'): TextForm {
  return { ...form, secret: what };
}

export function choice<const V extends string | number>(...values: readonly V[]): ChoiceForm<V> {
  return { enum: values };
}

export function integer(minimum: number, maximum: number): NumberForm {
  return { type: 'integer', minimum, maximum };
}

export const flag: SwitchForm = { type: 'boolean' };

export function isObjectForm(form: Form): form is ObjectForm {
  return 'properties' in form;
}

export function isListForm(form: Form): form is ListForm {
  return 'items' in form;
}
