/** The account of a soak run: every message that was acknowledged has arrived or was reported failed; in order, unaltered, repetitions marked. */
import { parseImdn } from '../../lib/wire/imdn.js';
import type { Arrival } from '../crash/handsets.js';
import { messageIdOf, type Said } from './phone.js';
import { numberOf, type Talk } from './plan.js';
import type { Told } from './platform.js';

/** One message that its sender takes for accepted. */
export interface Posted {
  readonly n: number;
  readonly text: string;
  readonly messageId: string;
}

export interface Side {
  readonly sent: number;
  readonly delivered: number;
  readonly failed: number;
  /** Delivered, and reported failed as well: the far end's answer was lost with its connection. Part of `delivered`. */
  readonly both: number;
  /** Arrivals with the id of an earlier one. */
  readonly duplicates: number;
  readonly faults: readonly string[];
}

/** One arrival at the far end. */
interface Arrived {
  /** Equal for repetitions, and for them alone. */
  readonly mark: string;
  readonly text: string;
}

interface Account {
  readonly where: string;
  readonly sent: readonly { readonly n: number; readonly text: string; readonly failed: boolean }[];
  readonly arrived: readonly Arrived[];
  readonly unordered: ReadonlySet<number>;
}

export function balance({ where, sent, arrived, unordered }: Account): Side {
  const faults: string[] = [];
  const fault = (text: string): void => void faults.push(`${where}: ${text}`);
  const marks = new Map<string, string>();
  let last = -1;
  for (const { text, mark } of arrived) {
    const before = marks.get(text);
    if (before !== undefined) {
      if (before !== mark) fault(`repeated and not marked: ${brief(text)}`);
      continue;
    }
    marks.set(text, mark);
    const n = numberOf(text);
    if (n < last && !unordered.has(n)) fault(`after ${last}: ${brief(text)}`);
    if (!unordered.has(n)) last = Math.max(last, n);
  }
  const known = new Set(sent.map(({ text }) => text));
  for (const text of marks.keys()) if (!known.has(text)) fault(`nobody sent, or altered: ${brief(text)}`);
  const lost = sent.filter(({ text, failed }) => !marks.has(text) && !failed);
  for (const { text } of lost) fault(`lost: ${brief(text)}`);
  const delivered = sent.filter(({ text }) => marks.has(text));
  return {
    sent: sent.length,
    delivered: delivered.length,
    failed: sent.filter(({ text, failed }) => failed && !marks.has(text)).length,
    both: delivered.filter(({ failed }) => failed).length,
    duplicates: arrived.length - marks.size,
    faults,
  };
}

export interface ToUserFacts {
  readonly talk: Talk;
  readonly posted: readonly Posted[];
  readonly arrivals: readonly Arrival[];
  readonly told: readonly Told[];
  /** What the status resource says of messages without a report. */
  readonly asked: ReadonlyMap<string, string>;
}

const failures: ReadonlySet<string> = new Set(['Failed', 'Expired']);

export function balanceToUser({ talk, posted, arrivals, told, asked }: ToUserFacts): Side {
  const reports = reportsOf(told);
  const where = `to user ${talk.user} (${talk.way})`;
  const side = balance({
    where,
    sent: posted.map(({ n, text, messageId }) => ({
      n,
      text,
      failed: failures.has(reports.get(messageId)?.status ?? asked.get(messageId) ?? ''),
    })),
    arrived: messagesOf(arrivals).map(({ messageId, content }) => ({
      mark: messageId,
      text: content.toString('utf8'),
    })),
    unordered: new Set(),
  });
  const byText = new Map(posted.map(({ text, messageId }) => [text, messageId]));
  const foreign = messagesOf(arrivals).filter(
    ({ messageId, content }) =>
      byText.has(content.toString('utf8')) && byText.get(content.toString('utf8')) !== messageId,
  );
  const unreported = posted.filter(({ messageId }) => !reports.has(messageId) && asked.get(messageId) === 'Pending');
  const faults = [
    ...side.faults,
    ...foreign.map(({ messageId }) => `${where}: came with another id: ${messageId}`),
    ...unreported.map(({ text }) => `${where}: still pending: ${brief(text)}`),
    ...[...reports.values()].flatMap((report) => (report.fault ? [`${where}: ${report.fault}`] : [])),
  ];
  return { ...side, faults };
}

/** Messages without a report: it may have been lost with its subscription (410). */
export function unreportedOf(posted: readonly Posted[], told: readonly Told[]): readonly Posted[] {
  const reports = reportsOf(told);
  return posted.filter(({ messageId }) => !reports.has(messageId));
}

export interface ToBotFacts {
  readonly talk: Talk;
  readonly said: Said;
  readonly arrivals: readonly Arrival[];
  readonly told: readonly Told[];
}

export function balanceToBot({ talk, said, arrivals, told }: ToBotFacts): Side {
  const failed = new Set(arrivals.flatMap((arrival) => failedMessage(arrival) ?? []));
  const where = `to bot of ${talk.user} (${talk.way})`;
  const mine = told.filter(({ user, text }) => user === talk.user && text !== undefined);
  const side = balance({
    where,
    sent: said.texts
      .slice(0, said.acknowledged)
      .map((text, n) => ({ n, text, failed: failed.has(messageIdOf(talk, n)) })),
    arrived: mine.map(({ webhookId, text = '' }) => ({ mark: webhookId, text })),
    unordered: said.unordered,
  });
  const foreign = mine.filter(({ text = '', messageId }) => messageIdOf(talk, numberOf(text)) !== messageId);
  const unaccepted = said.texts.slice(said.acknowledged);
  return {
    ...side,
    faults: [
      ...side.faults,
      ...foreign.map(({ messageId }) => `${where}: came with another id: ${messageId}`),
      ...unaccepted.map((text) => `${where}: never accepted: ${brief(text)}`),
    ],
  };
}

/** The messageId of an IMDN that says failed. */
function failedMessage({ cpim, content }: Arrival): string | undefined {
  if (!isReceipt(cpim)) return undefined;
  const { messageId, disposition } = parseImdn(content);
  return disposition.notification === 'delivery' && disposition.status === 'failed' ? messageId : undefined;
}

function messagesOf(arrivals: readonly Arrival[]): readonly Arrival[] {
  return arrivals.filter(({ cpim }) => !isReceipt(cpim));
}

function isReceipt({ contentHeaders }: Arrival['cpim']): boolean {
  return contentHeaders.some(({ value }) => value.includes('imdn'));
}

interface Report {
  readonly status: string;
  readonly webhookId: string;
  readonly fault?: string;
}

/** By messageId; one report of each, however often it came. */
function reportsOf(told: readonly Told[]): ReadonlyMap<string, Report> {
  const reports = new Map<string, Report>();
  for (const { messageId, status, webhookId } of told) {
    if (status === undefined) continue;
    const before = reports.get(messageId);
    if (!before) reports.set(messageId, { status, webhookId });
    else if (before.webhookId !== webhookId || before.status !== status)
      reports.set(messageId, { ...before, fault: `reported ${before.status} and ${status}: ${messageId}` });
  }
  return reports;
}

function brief(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}… (${text.length})` : text;
}
