/** Looks at the gateway after some scripts: its process, its log, its event loop, and whether it still serves. */
import { honest, refused } from './honest.js';
import type { Look } from './judge.js';
import { play } from './play.js';
import { honestStage } from './stage.js';
import type { World } from './world.js';

const honestTries = 3;

export async function lookAt(world: World): Promise<Look> {
  const heldMs = await world.ask('held').catch(() => 0);
  const wrong = await refusedHonest(world);
  return { runs: world.gateway.runs, heldMs, lines: world.newLines(), refused: wrong };
}

/** Where the machine stands still for a second even a call that nobody disturbs comes to nothing: he may try again. */
async function refusedHonest(world: World): Promise<string | undefined> {
  let wrong: string | undefined;
  for (let tried = 0; tried < honestTries && world.gateway.runs; tried++) {
    const { answers } = await play(honest, honestStage(world));
    wrong = refused(answers);
    if (wrong === undefined) break;
  }
  return wrong;
}
