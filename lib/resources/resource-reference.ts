/** resourceReference: the answer to a create whose resource is not repeated (OMA REST NetAPI Common). */
import type { Schema } from './forms/schema.js';

export interface ResourceReference {
  readonly resourceURL: string;
}

export function printResourceReference(resourceURL: string): { readonly resourceReference: ResourceReference } {
  return { resourceReference: { resourceURL } };
}

export const resourceReferenceSchema: Schema = {
  type: 'object',
  properties: { resourceURL: { type: 'string' } },
  required: ['resourceURL'],
};
