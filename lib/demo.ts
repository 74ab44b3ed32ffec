/** The demo: the gateway with config/demo.yaml, a simulated phone on the network's side and an echo chatbot on the platform's. */
import { fileURLToPath } from 'node:url';
import { loadConfig } from './config.js';
import { startGateway } from './gateway.js';
import { createLogger } from './log.js';

export const demoFile = fileURLToPath(new URL('../../config/demo.yaml', import.meta.url));

export async function startDemo(): Promise<{ stop(): Promise<void> }> {
  const config = loadConfig({ file: demoFile, env: process.env });
  return startGateway(config, createLogger(config.log));
}
