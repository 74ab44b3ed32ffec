/** Which answers and reports a SEND asks for: Success-Report, Failure-Report (RFC 4975 §7.1). */
import { headerOf, type Request } from './frame.js';

export type FailureReport = 'yes' | 'no' | 'partial';

export interface ReportFlags {
  readonly success: boolean;
  /** yes: every response and failure REPORTs; partial: errors only; no: nothing. */
  readonly failure: FailureReport;
}

/** An unknown value counts as absent: success no, failure yes. */
export function reportFlagsOf(request: Request): ReportFlags {
  const failure = headerOf(request, 'Failure-Report')?.toLowerCase();
  return {
    success: headerOf(request, 'Success-Report')?.toLowerCase() === 'yes',
    failure: failure === 'no' || failure === 'partial' ? failure : 'yes',
  };
}
