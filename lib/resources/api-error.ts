/** An error of the REST face: OMA identifier, text with its variables, HTTP status (OMA REST NetAPI Common §5.x). */

/** Identifier → text and HTTP status. `%1` stands for the first variable. */
export const apiErrors = {
  SVC0001: { status: 500, text: 'A service error occurred. Error code is %1' },
  SVC0002: { status: 400, text: 'Invalid input value for message part %1' },
  SVC0003: { status: 400, text: 'Invalid input value for message part %1, valid values are %2' },
  SVC0004: { status: 400, text: 'No valid addresses provided in message part %1' },
  SVC0005: { status: 409, text: 'Correlator %1 specified in message part %2 is a duplicate' },
  SVC0280: { status: 400, text: 'Message too long. Maximum length is %1 characters' },
  SVC1000: { status: 503, text: 'No resources' },
  SVC2008: { status: 404, text: 'Unknown %1 %2' },
  POL0001: { status: 403, text: 'A policy error occurred. Error code is %1' },
  POL0002: { status: 403, text: 'Privacy verification failed for address %1, request is refused' },
  POL0003: { status: 403, text: 'Too many addresses specified in message part %1' },
  POL0011: { status: 403, text: 'Media type not supported' },
  POL1009: { status: 403, text: 'User has not been provisioned for %1' },
  POL1010: { status: 403, text: 'User is suspended from %1' },
  POL1023: { status: 403, text: 'Notification channel type %1 not supported. Supported types: %2' },
  POL2006: { status: 403, text: 'Requested feature %1 is not available' },
} as const;

export type ApiErrorId = keyof typeof apiErrors;

export interface ApiErrorOptions {
  /** HTTP status where it differs from the table (401, 405, 406, 413, 415, 429 carry an identifier too). */
  readonly status?: number;
  readonly retryAfterS?: number;
}

/** What a peer is answered, and no fault of ours: without a stack, which is most of what one costs to make. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly id: ApiErrorId;
  readonly variables: readonly string[];
  readonly status: number;
  readonly retryAfterS: number | undefined;

  constructor(id: ApiErrorId, variables: readonly string[] = [], options: ApiErrorOptions = {}) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(apiErrors[id].text.replace(/%(\d)/g, (_, n: string) => variables[Number(n) - 1] ?? ''));
    Error.stackTraceLimit = stackTraceLimit;
    this.id = id;
    this.variables = variables;
    this.status = options.status ?? apiErrors[id].status;
    this.retryAfterS = options.retryAfterS;
  }
}
