#!/usr/bin/env node
/**
 * The command line: configuration → gateway; signals → stop.
 * Exit codes: 0 stopped, 1 a fault of ours or no SIP engine, 2 a configuration or a port that cannot be used.
 * What a command does not need is not loaded: gateway and demo are most of what there is.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { parseCommandLine, usage } from './command-line.js';
import { ConfigError, loadConfig, printConfig } from './config.js';
import { demoFile } from './demo/demo-file.js';
import { PeerError } from './errors.js';
import { checkTlsFiles } from './gateway/tls-material.js';
import type { Gateway } from './gateway.js';
import type { Logger } from './log.js';
import { StoreError } from './store/store-error.js';

const exitFault = 1;
const exitUnusable = 2;
/**
 * By how much what lives after one collection of the whole heap (some 25 ms, in which all wait) may grow before the next. V8 itself
 * goes by how fast it grows, and takes as little as a tenth: every 5 s one at 400 messages a second, of a heap of 40 MB.
 */
const heapGrowingPercent = 200;

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
      checkTlsFiles(loadConfig({ file: intent.file ?? demoFile, env: process.env }));
      await (await import('./gateway/network/templates.js')).readTemplates();
      process.stdout.write('configuration valid\n');
      return;
    case 'run':
      return run(intent.file);
  }
}

async function run(file: string | undefined): Promise<void> {
  // A reader that goes away (`| head -1`) is no reason to stop: what is written from then on is lost.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent}`);
  if (file === undefined) {
    const starting = startUnconfigured();
    stopOnSignals(starting);
    await starting;
    return;
  }
  const hangUps = hangUpsFromNowOn();
  const starting = startConfigured(file);
  stopOnSignals(starting);
  const gateway = await starting;
  hangUps.tell(() => gateway.reload());
}

interface Stoppable {
  stop(): Promise<void>;
}

/** SIGHUP ends a process that has no handler: one that comes during the start is kept until somebody can be told. */
function hangUpsFromNowOn(): { tell(listener: () => void): void } {
  let waiting = false;
  let onHangUp = (): void => void (waiting = true);
  process.on('SIGHUP', () => onHangUp());
  return {
    tell(listener) {
      onHangUp = listener;
      if (waiting) listener();
    },
  };
}

/** A terminal signals the whole group, and npm hands the signal on as well: within this time it is the same one. */
const sameSignalMs = 1000;

function stopOnSignals(starting: Promise<Stoppable>): void {
  let stoppingSinceMs: number | undefined;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stoppingSinceMs === undefined) {
        stoppingSinceMs = performance.now();
        starting.then((running) => running.stop()).then(() => process.exit(0), fail);
      } else if (performance.now() - stoppingSinceMs > sameSignalMs) {
        // Twice means now.
        process.exit(exitFault);
      }
    });
  }
}

async function startUnconfigured(): Promise<Stoppable> {
  const { startDemo } = await import('./demo.js');
  return startDemo(surviveBugs);
}

async function startConfigured(file: string): Promise<Gateway> {
  // What is wrong with it is said at once.
  const config = loadConfig({ file, env: process.env });
  const [{ createLogger }, { startGateway }] = await Promise.all([import('./log.js'), import('./gateway.js')]);
  const log = createLogger(config.log);
  surviveBugs(log);
  return startGateway(config, log);
}

function surviveBugs(log: Logger): void {
  process.on('uncaughtException', (error) => log.error('bug', { error }));
  process.on('unhandledRejection', (error) => log.error('bug', { error }));
}

/** A port that is taken or not allowed; a host that is not ours, of a family that is switched off, or that no name server knows. */
const noListening = new Set(['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENOTFOUND', 'EAI_AGAIN']);

function fail(error: unknown): void {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.lines.join('\n')}\n`);
    process.exit(exitUnusable);
  }
  if (error instanceof StoreError) {
    process.stderr.write(`maap-iwf: store: ${error.message}\n`);
    process.exit(exitUnusable);
  }
  // It may come later than we do: to start again helps.
  if (error instanceof PeerError && error.fault === 'theirs') {
    process.stderr.write(`maap-iwf: no SIP engine (sip.drachtio): ${error.message}\n`);
    process.exit(exitFault);
  }
  const { code = '', message, hostname } = error as NodeJS.ErrnoException & { readonly hostname?: string };
  if (noListening.has(code)) {
    const reason = hostname === undefined ? message : `no address is known for the host ${hostname} (${code})`;
    process.stderr.write(`maap-iwf: cannot listen: ${reason}\n`);
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
