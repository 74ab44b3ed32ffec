/** The embedded engine in a drachtio-server's place: on a TCP port of its own, with a secret, as `sip.engine: drachtio` expects it. */
import { systemClock } from '../../lib/clock.js';
import { createDrachtioFace } from '../../lib/sip-engine/drachtio/face.js';
import { createEngine } from '../../lib/sip-engine/engine.js';
import { silentLog } from './silent.js';

export interface EngineServer {
  /** Of the admin port. */
  readonly port: number;
  readonly secret: string;
  close(): Promise<void>;
}

/** `adminPort` 0: any free one. */
export async function startEngineServer(listen: readonly string[], adminPort = 0): Promise<EngineServer> {
  const secret = 'a secret of the spec';
  const face = createDrachtioFace(createEngine({ listen }), { secret, clock: systemClock, log: silentLog });
  await face.start();
  const { port } = await face.listen({ host: '127.0.0.1', port: adminPort });
  return { port, secret, close: () => face.close() };
}
