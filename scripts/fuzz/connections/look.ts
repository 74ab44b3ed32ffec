/** Looks at the gateway after some scripts: its process, its log, its event loop, and whether it still serves. */
import { honest, honestText, refused } from './honest.js';
import type { Look } from './judge.js';
import { play } from './play.js';
import { underTls } from './script.js';
import { filled, slotsFor } from './slots.js';
import { honestStage } from './stage.js';
import type { World } from './world.js';

const honestTries = 3;

export async function lookAt(world: World): Promise<Look> {
  const heldMs = await world.ask('held').catch(() => 0);
  const wrong = await refusedHonest(world);
  return { runs: world.gateway.runs, heldMs, lines: world.newLines(), refused: wrong };
}

/** Where the machine stands still for a second even a call that nobody disturbs comes to nothing: he may try again. */
export async function refusedHonest(world: World): Promise<string | undefined> {
  let wrong: string | undefined;
  for (let tried = 0; tried < honestTries && world.gateway.runs; tried++) {
    const stage = honestStage(world);
    const { answers } = await play(world.secure ? underTls(honest) : honest, stage);
    wrong = refused(answers);
    if (wrong === undefined && !(await world.arrived(filled(honestText, slotsFor(stage.nonce, 0)))))
      wrong = 'a message did not arrive in time';
    if (wrong === undefined) break;
  }
  return wrong;
}
