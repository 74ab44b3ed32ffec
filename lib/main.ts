#!/usr/bin/env node
/**
 * The command line: configuration → gateway; signals → stop.
 * Exit codes: 0 stopped, 1 a fault of ours, 2 a configuration or a port that cannot be used.
 */
import { readFileSync } from 'node:fs';
import { parseCommandLine, usage } from './command-line.js';
import { ConfigError, loadConfig, printConfig } from './config.js';
import { demoFile, startDemo } from './demo.js';
import { startGateway } from './gateway.js';
import { createLogger } from './log.js';

const exitFault = 1;
const exitUnusable = 2;

async function main(): Promise<void> {
  const intent = parseCommandLine(process.argv.slice(2));
  switch (intent.kind) {
    case 'help':
      process.stdout.write(usage);
      return;
    case 'version':
      process.stdout.write(`maap-iwf ${version()}\n`);
      return;
    case 'wrong':
      process.stderr.write(`maap-iwf: ${intent.text}\n${usage}`);
      process.exitCode = exitUnusable;
      return;
    case 'print-config':
      process.stdout.write(printConfig({ file: intent.file ?? demoFile, env: process.env }));
      return;
    case 'check':
      loadConfig({ file: intent.file ?? demoFile, env: process.env });
      process.stdout.write('configuration valid\n');
      return;
    case 'run':
      return run(intent.file);
  }
}

async function run(file: string | undefined): Promise<void> {
  const running = file === undefined ? await startDemo() : await startConfigured(file);
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // Twice means now.
      if (stopping) process.exit(exitFault);
      stopping = true;
      running.stop().then(() => process.exit(0), fail);
    });
  }
}

async function startConfigured(file: string): Promise<{ stop(): Promise<void> }> {
  const config = loadConfig({ file, env: process.env });
  const log = createLogger(config.log);
  process.on('uncaughtException', (error) => log.error('bug', { error }));
  process.on('unhandledRejection', (error) => log.error('bug', { error }));
  return startGateway(config, log);
}

function fail(error: unknown): void {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.lines.join('\n')}\n`);
    process.exit(exitUnusable);
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE' || code === 'EADDRNOTAVAIL' || code === 'EACCES') {
    process.stderr.write(`maap-iwf: cannot listen: ${message}\n`);
    process.exit(exitUnusable);
  }
  process.stderr.write(`maap-iwf: ${error instanceof Error ? (error.stack ?? message) : String(error)}\n`);
  process.exit(exitFault);
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

main().catch(fail);
