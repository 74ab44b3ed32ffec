/** The conformance suite on drachtio-srf above the embedded engine, in both modes of the protocol. */
import { createServer } from 'node:net';
import { systemClock } from '../../../lib/clock.js';
import { createDrachtioFace } from '../../../lib/sip-engine/drachtio/face.js';
import { createEngine } from '../../../lib/sip-engine/engine.js';
import type { SipAgent, SipHandlers } from '../../../lib/sip/agent.js';
import { createDrachtioAgent, type DrachtioMode } from '../../../lib/sip/drachtio/drachtio-agent.js';
import { describeSipAgent } from './agent-conformance.js';
import type { AgentNode, NodeOptions } from './agent-node.js';
import { silentLog } from '../silent-log.js';

const SECRET = 'cymru';
const MIB = 1024 * 1024;

function makeFace() {
  const engine = createEngine({ listen: ['udp/127.0.0.1:0', 'tcp/127.0.0.1:0'] });
  return createDrachtioFace(engine, { secret: SECRET, clock: systemClock, log: silentLog });
}

function makeAgent(mode: DrachtioMode, options: NodeOptions): SipAgent {
  return createDrachtioAgent({
    mode,
    clock: systemClock,
    log: silentLog,
    maxFrameBytes: MIB,
    maxInFlightBytes: MIB,
    ...options,
  });
}

/** The engine connects to the application, within the process. */
async function listenNode(handlers: SipHandlers, options: NodeOptions): Promise<AgentNode> {
  const face = makeFace();
  const server = createServer();
  const agent = makeAgent({ kind: 'listen', server, secret: SECRET }, options);
  await face.start();
  await Promise.all([agent.start(handlers), face.connect({ server })]);
  return nodeOf(agent, face);
}

/** The application connects to the engine, over TCP. */
async function connectNode(handlers: SipHandlers, options: NodeOptions): Promise<AgentNode> {
  const face = makeFace();
  await face.start();
  const { port } = await face.listen({ host: '127.0.0.1', port: 0 });
  const agent = makeAgent({ kind: 'connect', host: '127.0.0.1', port, secret: SECRET }, options);
  await agent.start(handlers);
  return nodeOf(agent, face);
}

function nodeOf(agent: SipAgent, face: { close(): Promise<void> }): AgentNode {
  return {
    agent,
    close: async () => {
      await agent.close();
      await face.close();
    },
  };
}

describeSipAgent('drachtio agent, within the process', listenNode);
describeSipAgent('drachtio agent, TCP', connectNode);
