/** What becomes of a crowd: who has to wait for his turn, and who is refused. */
import type { ChatbotDirectory } from '../../iwf/actions.js';
import type { Foundation } from '../foundation.js';
import type { Storage } from '../storage.js';
import { createFairTurns, type FairTurns } from './fair-turns.js';
import { createLoad, type Load } from './load.js';
import { createOrigins, type Origins } from './origins.js';

export interface Crowd {
  readonly load: Load;
  readonly turns: FairTurns;
  readonly origins: Origins;
}

export function openCrowd(foundation: Foundation, { opened, pulse }: Storage, directory: ChatbotDirectory): Crowd {
  const { config, clock, log, metrics, started } = foundation;
  const origins = createOrigins(directory);
  const load = createLoad(config, { store: opened, pulse, clock, log, metrics, origins });
  started.push(() => load.close());
  const turns = createFairTurns();
  metrics.gauge('turns_waiting', () => turns.waiting);
  return { load, turns, origins };
}
