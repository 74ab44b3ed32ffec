/** One crash run: traffic both ways, `kill -9` in the midst of it, a restart, and the account of every message. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, messageIdOf } from './callers.js';
import { configOf, GatewayProcess } from './gateway.js';
import { Handsets } from './handsets.js';
import { bots, type Conversation, type Kill, type Plan } from './plan.js';
import { Platform } from './platform.js';
import { judge, type Verdict } from './verdict.js';
import { freePort } from '../../spec/support/free-port.js';

export interface RunReport {
  readonly faults: readonly string[];
  /** Messages that arrived a second time, with the same id. */
  readonly duplicates: { readonly toUser: number; readonly toBot: number };
  /** Acknowledged when each kill came. */
  readonly acknowledgedAtKill: readonly number[];
  readonly seconds: number;
}

const key = 'a-key-of-the-crash-test';
/** From the last acknowledgement to the last arrival. */
const settleMs = 60_000;

export async function crashRun(plan: Plan): Promise<RunReport> {
  const folder = mkdtempSync(join(tmpdir(), 'maap-iwf-crash-'));
  const ports = { sip: await freePort(), rest: await freePort(), msrp: await freePort(), admin: await freePort() };
  const handsets = new Handsets();
  await handsets.start();
  const platform = new Platform({ restPort: ports.rest, key });
  await platform.start();
  const gateway = new GatewayProcess({
    folder,
    ports,
    config: configOf({ folder, ports, nextHop: handsets.nextHop, key, bots }),
  });
  try {
    await gateway.start();
    for (const bot of Object.values(bots)) await platform.subscribe(bot);
    return await traffic({ plan, gateway, handsets, platform, sipPort: ports.sip });
  } finally {
    await gateway.stop();
    handsets.stop();
    platform.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Scene {
  readonly plan: Plan;
  readonly gateway: GatewayProcess;
  readonly handsets: Handsets;
  readonly platform: Platform;
  readonly sipPort: number;
}

async function traffic({ plan, gateway, handsets, platform, sipPort }: Scene): Promise<RunReport> {
  const startedMs = Date.now();
  let acknowledged = 0;
  const due = [...plan.kills];
  let crashes = Promise.resolve();
  const acknowledgedAtKill: number[] = [];
  const onAcknowledged = (): void => {
    acknowledged++;
    const [next] = due;
    if (!next || acknowledged < next.after) return;
    due.shift();
    crashes = crashes.then(() => crash(next));
  };
  const crash = async ({ delayMs }: Kill): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    acknowledgedAtKill.push(acknowledged);
    await gateway.kill();
    await gateway.start();
  };
  const ids = new Map<Conversation, readonly string[]>();
  await Promise.all(
    plan.conversations.flatMap((conversation) => [
      call({ conversation, sipPort, onAcknowledged }),
      platform.sendAll(conversation, onAcknowledged).then((given) => ids.set(conversation, given)),
    ]),
  );
  await crashes;
  await settled(plan, { handsets, platform });
  const toUser = plan.conversations.map((each) => judgeToUser(each, ids.get(each) ?? [], handsets));
  const toBot = plan.conversations.map((each) => judgeToBot(each, platform));
  const reports = plan.conversations.map((each) => judgeReports(each, ids.get(each) ?? [], platform));
  return {
    faults: [...toUser, ...toBot].flatMap(({ faults }) => faults).concat(reports.flat()),
    duplicates: { toUser: sum(toUser), toBot: sum(toBot) },
    acknowledgedAtKill,
    seconds: (Date.now() - startedMs) / 1000,
  };
}

/** Until everything has come, or nothing more can be hoped for. */
async function settled(
  { conversations }: Plan,
  { handsets, platform }: Pick<Scene, 'handsets' | 'platform'>,
): Promise<void> {
  const expected = conversations.reduce((count, { toUser }) => count + toUser.length, 0);
  const deadline = Date.now() + settleMs;
  const complete = (): boolean =>
    new Set(handsets.arrivals.map(({ messageId }) => messageId)).size >= expected &&
    new Set(platform.told.filter(({ text }) => text !== undefined).map(({ messageId }) => messageId)).size >=
      expected &&
    new Set(platform.told.filter(({ status }) => status === 'Sent').map(({ messageId }) => messageId)).size >= expected;
  while (!complete() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
}

function judgeToUser(conversation: Conversation, ids: readonly string[], { arrivals }: Handsets): Verdict {
  const sent = conversation.toUser.map((text, index) => ({ id: ids[index] ?? '', text }));
  const arrived = arrivals
    .filter(({ user }) => user === conversation.user)
    .map(({ messageId, content }) => ({ id: messageId, text: content.toString('utf8') }));
  return judge(conversation, 'toUser', sent, arrived);
}

/** A repetition has the same webhook-id; its messageId is the user's. */
function judgeToBot(conversation: Conversation, { told }: Platform): Verdict {
  const sent = conversation.toBot.map((text) => ({ id: '', text }));
  const mine = told.filter(({ user, text }) => user === conversation.user && text !== undefined);
  const arrived = mine.map(({ webhookId, text = '' }) => ({ id: webhookId, text }));
  const verdict = judge(conversation, 'toBot', sent, arrived);
  const wrong = conversation.toBot.flatMap((text, index) =>
    mine.some((each) => each.text === text && each.messageId !== messageIdOf(conversation, index))
      ? [`toBot ${conversation.user}: another Message-ID: ${text}`]
      : [],
  );
  return { ...verdict, faults: [...verdict.faults, ...wrong] };
}

/** Every message was asked a report of: Sent, once by id, and never Failed. */
function judgeReports({ user }: Conversation, ids: readonly string[], { told }: Platform): readonly string[] {
  return ids.flatMap((id) => {
    const reports = told.filter(({ messageId, status }) => messageId === id && status !== undefined);
    const distinct = new Set(reports.map(({ webhookId }) => webhookId));
    const statuses = [...new Set(reports.map(({ status }) => status))].join();
    return distinct.size === 1 && statuses === 'Sent'
      ? []
      : [`report ${user}: ${distinct.size} × ${statuses} of ${id}`];
  });
}

function sum(verdicts: readonly Verdict[]): number {
  return verdicts.reduce((count, { duplicates }) => count + duplicates, 0);
}
