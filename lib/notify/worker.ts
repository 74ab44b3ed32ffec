/**
 * The worker: claims due lanes of the notify queue, runs them side by side within bounds, keeps their leases.
 *
 *   due in the store ──claim──▶ waits in the room ──place free──▶ runs ──▶ finished, or given back
 *          ▲                          │ no room, bot pauses, circuit open
 *          └────── set aside ◀────────┘
 */
import type { Clock, Timer } from '../clock.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { Subscription } from '../resources/subscription.js';
import type { Claim, Store } from '../store/store.js';
import { createAdmission, type Gate } from './admission.js';
import type { Health } from './health.js';
import { readItem } from './item.js';
import { createLaneRoom } from './lane-room.js';
import { runLane, type LaneRunDeps, type RunEnd } from './lane-run.js';
import type { NotifyOptions } from './options.js';
