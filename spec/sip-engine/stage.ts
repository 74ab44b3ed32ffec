/** An engine on a scripted transport and a clock that stands still. */
import type { ClientTransaction, Engine, HeaderLine, ServerTransaction } from '../../lib/sip-engine/api.js';
import { createEngine, type EngineOptions } from '../../lib/sip-engine/engine.js';
import { FakeClock } from '../support/fake-clock.js';
import { ScriptedTransport } from './transaction/scripted-transport.js';

export interface Stage {
  readonly engine: Engine;
  readonly clock: FakeClock;
  readonly net: ScriptedTransport;
  readonly requests: ServerTransaction[];
  readonly told: string[];
  readonly counted: string[];
}

export async function stage(options: Partial<EngineOptions> = {}): Promise<Stage> {
  const clock = new FakeClock(0);
  const net = new ScriptedTransport();
  const counted: string[] = [];
  const engine = createEngine({
    listen: [],
    clock,
    transport: net,
    count: (name) => void counted.push(name),
    ...options,
  });
  const requests: ServerTransaction[] = [];
  const told: string[] = [];
  await engine.start({
    onRequest: (transaction) => void requests.push(transaction),
    onAck: (_invite, ack) => void told.push(`ACK ${ack.body.toString()}`.trim()),
    onCancel: (invite) => void told.push(`CANCEL of ${invite.request.method ?? ''}`),
    onBye: (dialogId) => void told.push(`own BYE in ${dialogId}`),
  });
  return { engine, clock, net, requests, told, counted };
}

export interface Asked {
  readonly transaction: ClientTransaction;
  readonly statuses: number[];
}

/** A request of ours, and the statuses that it gets. */
export async function send(
  on: Stage,
  draft: { method: string; uri?: string; headers?: readonly HeaderLine[]; body?: Buffer; nextHop?: string },
  dialogId?: string,
): Promise<Asked> {
  const statuses: number[] = [];
  const transaction = await on.engine.send(
    { uri: 'sip:phone@192.0.2.9', headers: [], ...draft },
    { onResponse: (response) => void statuses.push(response.status ?? 0) },
    dialogId,
  );
  return { transaction, statuses };
}
