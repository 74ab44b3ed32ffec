/** resourceReference: the answer to a create whose resource is not repeated (OMA REST NetAPI Common). */

export interface ResourceReference {
  readonly resourceURL: string;
}

export function printResourceReference(resourceURL: string): { readonly resourceReference: ResourceReference } {
  return { resourceReference: { resourceURL } };
}
