/** isComposing of the OMA Chat API (RFC 3994 in REST form). */

export interface IsComposing {
  readonly state: 'active' | 'idle';
  readonly lastActive?: string;
  readonly contentType?: string;
  /** Seconds. */
  readonly refresh?: number;
}
