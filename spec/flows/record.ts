/** For the author of a flow: FLOWS_RECORD=1 writes what the gateway said into the empty file of its step, to be read and named. */
import { writeFileSync } from 'node:fs';
import type { Step } from './flow.js';
import { namedAlone } from './platform.js';
import type { Bindings } from './slots.js';

/** Shapes of what is random → the slot that takes its place, numbered by the step; a second value of one shape gets a letter. */
const random: readonly (readonly [pattern: RegExp, slot: string])[] = [
  [/(?<=;branch=)z9hG4bK[0-9a-f]{16}/g, 'branch'],
  [/(?<=;tag=)[0-9a-f]{16}/g, 'tag'],
  [/(?<=^Call-ID: )[0-9a-f]{32}/gim, 'callId'],
  [/(?<=^Conversation-ID: )[0-9a-f-]{36}/gim, 'conversation'],
  [/(?<=^Contribution-ID: )[0-9a-f-]{36}/gim, 'contribution'],
  [/(?<=^MSRP |^-{7})[^\s{]+?(?=[ $+#])/gm, 'transactionId'],
  [/(?<=^Message-ID: )[^\s{]+/gim, 'chunkId'],
  [/(?<=^a=path:msrps?:\/\/\{msrp\}\/)[^;{]+/gm, 'session'],
  [/(?<=^o=- )\d+/gm, 'description'],
  [/(?<=\/messages\/)[0-9a-f-]{36}/g, 'message'],
  [/(?<=\/subscriptions\/)[0-9a-f-]{36}/g, 'subscription'],
  [/(?<=\/capabilitySources\/)[^"\s{]+/g, 'source'],
  [/(?<=\/oneToOne\/[^/]+\/)[0-9a-f-]{36}|(?<="sessionId":")[0-9a-f-]{36}/g, 'chat'],
  [/(?<="reportId":")[^"{]+/g, 'report'],
  [/(?<="notificationId":")[^"{]+/g, 'notification'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'uuid'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'dateTime'],
  [/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/g, 'date'],
];

/** Headers of a REST answer that a reader wants to see. */
const telling = 'HTTP/1.1\nLocation:\nContent-Type:\nAllow:\nRetry-After:\nWWW-Authenticate:\n\n';

/** Throws where nothing is to be recorded: an empty file is no expectation. */
export function record({ file, path, channel }: Step, said: string, bindings: Bindings): string {
  if (process.env['FLOWS_RECORD'] !== '1') throw new Error('the file is empty: FLOWS_RECORD=1 writes what is said');
  let text = channel === 'rest' ? namedAlone(telling, said) : said;
  if (channel === 'sip') text = text.replace(/^Content-Length: \d+/im, 'Content-Length: {length}');
  if (channel === 'msrp')
    text = text.replace(/^Byte-Range: 1-([1-9]\d*)\/\1(?=\r)/im, 'Byte-Range: 1-{length}/{length}');
  for (const [name, value] of [...bindings].sort(([, a], [, b]) => b.length - a.length)) {
    if (value.length > 4) text = text.replaceAll(value, `{${name}}`);
  }
  for (const [pattern, slot] of random) text = slotted(text, pattern, `${slot}${file.slice(0, 2)}`);
  const isJson = channel === 'callback' || channel === 'rest';
  writeFileSync(path, Buffer.from(isJson ? spread(text) : text, 'latin1'));
  return text;
}

function spread(text: string): string {
  const start = text.indexOf('{"');
  if (start < 0) return `${text}\n`;
  return `${text.slice(0, start)}${JSON.stringify(JSON.parse(text.slice(start)), undefined, 2)}\n`;
}

function slotted(text: string, pattern: RegExp, name: string): string {
  const names = new Map<string, string>();
  return text.replace(pattern, (value) => {
    const known = names.get(value) ?? `{${name}${'abcdefgh'.charAt(names.size - 1)}}`;
    names.set(value, known);
    return known;
  });
}
