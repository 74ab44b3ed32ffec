/** requestError: the body of every answer that refuses (OMA REST NetAPI Common §5.x). */
import { type ApiError, apiErrors } from './api-error.js';
import type { Schema } from './forms/schema.js';

export interface RequestErrorException {
  readonly messageId: string;
  /** With `%1` where the first variable belongs. */
  readonly text: string;
  readonly variables: readonly string[];
}

export type RequestError =
  | { readonly requestError: { readonly serviceException: RequestErrorException } }
  | { readonly requestError: { readonly policyException: RequestErrorException } };

/** serviceException for SVC…, policyException for POL…. */
export function printRequestError(error: ApiError): RequestError {
  const exception = { messageId: error.id, text: apiErrors[error.id].text, variables: error.variables };
  return error.id.startsWith('POL')
    ? { requestError: { policyException: exception } }
    : { requestError: { serviceException: exception } };
}

export const exceptionSchema: Schema = {
  type: 'object',
  properties: {
    messageId: { type: 'string', description: 'e.g. `SVC0002`.' },
    text: { type: 'string', description: '`%1` stands for the first variable.' },
    variables: { type: 'array', items: { type: 'string' } },
  },
  required: ['messageId', 'text', 'variables'],
};

export const requestErrorSchema: Schema = {
  type: 'object',
  description: 'One of the two.',
  properties: { serviceException: exceptionSchema, policyException: exceptionSchema },
};
