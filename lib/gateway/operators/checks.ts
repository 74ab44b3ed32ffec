/** What /readyz says of the parts. */
import type { CheckResult } from '../../rest/admin/readiness.js';
import type { Store } from '../../store/store.js';

/** Ok, or failed with the reason. */
export function result(ok: boolean, detail?: string): CheckResult {
  return ok || detail === undefined ? { state: 'ok' } : { state: 'failed', detail };
}

export async function storeCheck(store: Store): Promise<CheckResult> {
  await store.ping();
  return store.durable ? { state: 'ok' } : { state: 'degraded', detail: 'not durable: messages are lost at exit' };
}
