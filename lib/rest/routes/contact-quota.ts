/** How many distinct contacts a platform may ask about in an hour: finding out who is a subscriber must stay slow. */
import type { Clock } from '../../clock.js';
import type { Metrics } from '../../metrics.js';
import { ApiError } from '../../resources/api-error.js';

const hourMs = 3_600_000;

interface Hour {
  readonly startedAtMs: number;
  readonly contacts: Set<string>;
}

export interface ContactQuotaDeps {
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** Counts per platform in fixed hours; keeps at most `perHour` contacts of each platform. */
export class ContactQuota {
  private readonly hours = new Map<string, Hour>();
  private readonly perHour: (platformId: string) => number;
  private readonly deps: ContactQuotaDeps;

  constructor(perHour: (platformId: string) => number, deps: ContactQuotaDeps) {
    this.perHour = perHour;
    this.deps = deps;
  }

  /** Throws 429 with Retry-After where this contact is new and the hour is used up. */
  take(platformId: string, contact: string): void {
    const hour = this.hourOf(platformId);
    if (hour.contacts.has(contact)) return;
    if (hour.contacts.size >= this.perHour(platformId)) throw this.exhausted(hour, platformId);
    hour.contacts.add(contact);
  }

  private hourOf(platformId: string): Hour {
    const nowMs = this.deps.clock.now();
    const kept = this.hours.get(platformId);
    if (kept !== undefined && nowMs - kept.startedAtMs < hourMs) return kept;
    const begun = { startedAtMs: nowMs, contacts: new Set<string>() };
    this.hours.set(platformId, begun);
    return begun;
  }

  private exhausted(hour: Hour, platformId: string): ApiError {
    const { clock, metrics } = this.deps;
    metrics.count('limit_reached_total', { limit: 'limits.contactsPerHour' }, 1, platformId);
    const retryAfterS = Math.max(1, Math.ceil((hour.startedAtMs + hourMs - clock.now()) / 1000));
    return new ApiError('POL0001', ['too many contacts'], { status: 429, retryAfterS });
  }
}
