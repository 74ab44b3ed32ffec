/** The operators' side: the admin face and the audit log, by configuration. */
import type { Clock } from '../../clock.js';
import { ConfigError, type Config } from '../../config.js';
import { type Logger, maskOf } from '../../log.js';
import { type AuditTrail, openAudit } from '../../log/audit.js';
import type { MetricsRegistry } from '../../metrics.js';
import { type AdminDeps, type AdminFace, startAdmin } from '../../rest/admin/admin.js';
import { createTraceRing, type TraceRing } from '../../trace/ring.js';
import { traceView } from '../../trace/view.js';

interface AdminSide {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
}

/** Throws ConfigError where its folder cannot be made. */
export function createAudit({ config, ...parts }: AdminSide): AuditTrail {
  const { audit, retention, log } = config;
  try {
    return openAudit({ ...parts, ...audit, days: retention.auditDays, mask: maskOf(log) });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ConfigError([`audit.path: ${audit.path ?? ''} cannot be made: ${code ?? message}`]);
  }
}

/** Rejects with the system's error where it cannot listen. */
export function openAdmin(
  { config, ...parts }: AdminSide & { readonly trace: TraceRing | undefined },
  more: Pick<AdminDeps, 'checks' | 'deadLetters' | 'audit' | 'strangers'>,
): Promise<AdminFace> {
  const { admin } = config;
  const ring = parts.trace ?? createTraceRing({ conversations: 0, eventsPerConversation: 0 });
  const limits = {
    ...admin,
    headersTimeoutMs: admin.headersTimeoutS * 1000,
    requestTimeoutMs: admin.requestTimeoutS * 1000,
    keepAliveTimeoutMs: admin.keepAliveS * 1000,
  };
  return startAdmin({ ...admin, ...parts, ...more, limits, trace: traceView(ring) });
}
