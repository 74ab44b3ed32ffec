/** Where a script is played: from a host of its own, so that neither limits for one nor its ports run out. */
import type { Stage } from './play.js';
import type { World } from './world.js';

let nonces = 0;

export function stageFor({ ports, sinkPort, callees }: World): Stage {
  const nonce = ++nonces;
  return { ports, sinkPort, callees, nonce, source: `127.1.${(nonce >> 7) & 255}.${1 + (nonce & 127)}` };
}

/** Nobody else plays from there. */
export function honestStage(world: World): Stage {
  return { ...stageFor(world), source: '127.9.9.9' };
}
