/** What a schema cannot say: values that must fit together, and names that may stand only once. */
import { isIP } from 'node:net';
import type { CompleteConfig } from './complete.js';
import { ConfigError } from './config-error.js';
import { printPath, type Path } from './path.js';
import type { Place } from './validate.js';
import { isDomain, parseBlock, parseListen } from './values.js';

interface Finding {
  readonly path: Path;
  readonly text: string;
}

/** Throws ConfigError. */
export function check(config: CompleteConfig, place: Place): void {
  const findings = checks.flatMap((rule) => [...rule(config)]);
  if (findings.length === 0) return;
  throw new ConfigError(findings.map(({ path, text }) => `${place(path)}: ${printPath(path)}: ${text}`));
}

const checks: readonly ((config: CompleteConfig) => Iterable<Finding>)[] = [
  urls,
  listening,
  trustedPeers,
  trustedProxies,
  msrpAddresses,
  routeHeaders,
  dependencies,
  drachtioTimes,
  orders,
  retentions,
  uniqueNames,
  chatbotRoots,
];

function* urls(config: CompleteConfig): Iterable<Finding> {
  const roots: [Path, string][] = [[['serverRoot'], config.serverRoot]];
  config.platforms.forEach((platform, at) => roots.push([['platforms', at, 'serverRoot'], platform.serverRoot]));
  for (const [path, url] of roots) if (!URL.canParse(url)) yield { path, text: `is not a URL: ${url}` };
  if (config.store.url !== undefined && !URL.canParse(config.store.url))
    yield { path: ['store', 'url'], text: 'is not a URL' };
}

function* listening({ sip }: CompleteConfig): Iterable<Finding> {
  const seen = new Set<string>();
  for (const [at, text] of sip.listen.entries()) {
    const path = ['sip', 'listen', at];
    const address = parseListen(text);
    if (!address) yield { path, text: `must be udp|tcp|tls/host:port, an IPv6 address in brackets; is ${text}` };
    else if (sip.engine === 'embedded' && isIP(address.host) === 0) {
      // Of several addresses behind a name the one to listen on would be a guess, and Via must say it.
      yield { path, text: `must be an IP address of this host, or 0.0.0.0 or [::] for all; is ${text}` };
    } else if (address.protocol === 'tls' && sip.engine === 'embedded' && !sip.tls) {
      yield { path, text: 'needs sip.tls' };
    }
    if (seen.has(text) && address?.port !== 0) yield { path, text: `is listed twice: ${text}` };
    seen.add(text);
  }
}

/** To listen on all of them; nobody can connect to it. */
const anyAddress = new Set(['0.0.0.0', '::', '[::]']);

function* msrpAddresses({ msrp, sip }: CompleteConfig): Iterable<Finding> {
  const { connectTo, trustedPeers } = msrp;
  // What of sip.trustedPeers is in force here is told there.
  const own = trustedPeers?.every((text) => sip.trustedPeers.includes(text)) ? [] : trustedPeers;
  for (const [key, texts] of Object.entries({ connectTo, trustedPeers: own ?? [] })) {
    for (const [at, text] of texts.entries()) {
      if (!parseBlock(text)) yield { path: ['msrp', key, at], text: `is not an IP address or CIDR block: ${text}` };
    }
  }
  if (anyAddress.has(msrp.advertise)) {
    // SDP would name nobody: RFC 3264 §8.4 once had it mean hold.
    yield { path: ['msrp', 'advertise'], text: `required where msrp.host is all addresses; is ${msrp.advertise}` };
  }
  if (trustedPeers !== undefined) return;
  const text = 'a domain counts for SIP alone: msrp.trustedPeers must say from which addresses MSRP is taken';
  yield { path: ['sip', 'trustedPeers'], text };
}

function* trustedPeers({ sip }: CompleteConfig): Iterable<Finding> {
  for (const [at, text] of sip.trustedPeers.entries()) {
    const path = ['sip', 'trustedPeers', at];
    if (!parseBlock(text) && !isDomain(text)) {
      yield { path, text: `is not an IP address, CIDR block or domain: ${text}` };
    } else if (isDomain(text) && sip.engine === 'drachtio') {
      yield {
        path,
        text: `drachtio-server shows no names of certificates, needs an address or the embedded engine: ${text}`,
      };
    } else if (isDomain(text) && !asksForCertificates(sip)) {
      yield { path, text: `a domain needs sip.tls.ca and clientCertificates: ${text}` };
    }
  }
}

function* trustedProxies({ rest }: CompleteConfig): Iterable<Finding> {
  for (const [at, text] of rest.trustedProxies.entries()) {
    const path = ['rest', 'trustedProxies', at];
    if (!parseBlock(text)) yield { path, text: `is not an IP address or CIDR block: ${text}` };
  }
}

/** Whether a peer can show that it is who a domain of trustedPeers means. */
function asksForCertificates({ tls }: CompleteConfig['sip']): boolean {
  return tls?.ca !== undefined && tls.clientCertificates !== 'none';
}

/** Headers without which no request of ours leaves, long and compact: a second one would be dropped, or break the request. */
const ours =
  /^(via|v|from|f|to|t|call-id|i|cseq|contact|m|record-route|rseq|rack|content-(length|type|encoding)|[lce])$/i;

function* routeHeaders({ sip }: CompleteConfig): Iterable<Finding> {
  for (const [at, { headers = {} }] of sip.routes.entries()) {
    for (const name of Object.keys(headers)) {
      const path = ['sip', 'routes', at, 'headers', name];
      if (ours.test(name)) yield { path, text: 'is written by the gateway itself' };
      else if (/^route$/i.test(name) && sip.engine === 'drachtio') yield { path, text: 'a drachtio-server drops it' };
    }
  }
}

function* dependencies(config: CompleteConfig): Iterable<Finding> {
  if (config.store.kind === 'redis') yield { path: ['store', 'kind'], text: 'redis is not part of this version' };
  if (config.msrp.offerTls && !config.msrp.tls) yield { path: ['msrp', 'offerTls'], text: 'needs msrp.tls' };
  const untrusted = config.platforms.some(({ trustedWithNumbers }) => !trustedWithNumbers);
  if (untrusted && config.sip.privacyKey === undefined) {
    yield { path: ['sip', 'privacyKey'], text: 'required where a platform has trustedWithNumbers false' };
  }
  for (const [at, { notify }] of config.platforms.entries()) {
    const { cert, key } = notify.tls ?? {};
    if ((cert === undefined) !== (key === undefined))
      yield { path: ['platforms', at, 'notify', 'tls'], text: 'cert and key belong together' };
  }
  if (config.rest.tls?.clientCa !== undefined) return;
  for (const [at, platform] of config.platforms.entries()) {
    if (platform.clientCertificates.length > 0) {
      yield { path: ['platforms', at, 'clientCertificates'], text: 'needs rest.tls.clientCa' };
    }
  }
}

/** Whoever rings on a drachtio-server longer is never answered: after 64 s without a word of ours it forgets the INVITE. */
const drachtioAnswerS = 60;

function* drachtioTimes({ sip }: CompleteConfig): Iterable<Finding> {
  if (sip.engine === 'drachtio' && sip.answerTimeoutS > drachtioAnswerS)
    yield { path: ['sip', 'answerTimeoutS'], text: `a drachtio-server forgets the INVITE: at most ${drachtioAnswerS}` };
}

function* orders({ rest, sip, msrp, chat, notify }: CompleteConfig): Iterable<Finding> {
  if (sip.minSeS > sip.sessionExpiresS) yield { path: ['sip', 'minSeS'], text: 'must not exceed sip.sessionExpiresS' };
  if (chat.backoff.baseMs > chat.backoff.maxMs)
    yield { path: ['chat', 'backoff', 'baseMs'], text: 'must not exceed maxMs' };
  if (notify.backoff.baseMs > notify.backoff.maxMs) {
    yield { path: ['notify', 'backoff', 'baseMs'], text: 'must not exceed maxMs' };
  }
  if (msrp.maxAssemblyBytes < msrp.maxMessageBytes) {
    yield { path: ['msrp', 'maxAssemblyBytes'], text: 'must hold at least one message (msrp.maxMessageBytes)' };
  }
  if (sip.maxHeadBytes > sip.maxMessageBytes)
    yield { path: ['sip', 'maxHeadBytes'], text: 'must not exceed sip.maxMessageBytes' };
  if (sip.maxTotalBufferedBytes < sip.maxMessageBytes)
    yield { path: ['sip', 'maxTotalBufferedBytes'], text: 'must hold at least one message (sip.maxMessageBytes)' };
  if (rest.maxTotalBufferedBytes < rest.maxBodyBytes)
    yield { path: ['rest', 'maxTotalBufferedBytes'], text: 'must hold at least one body (rest.maxBodyBytes)' };
}

/** What is still tried must not be forgotten: its end could be told to nobody. */
function* retentions({ retention, chat, notify, revoke }: CompleteConfig): Iterable<Finding> {
  const dayS = 86_400;
  if (retention.messageDays * dayS < chat.validityS) {
    yield { path: ['retention', 'messageDays'], text: 'must not be shorter than chat.validityS' };
  }
  if (retention.messageDays * dayS < revoke.deadlineS) {
    yield { path: ['retention', 'messageDays'], text: 'must not be shorter than revoke.deadlineS' };
  }
  if (retention.inboundDays * dayS < notify.validityS) {
    yield { path: ['retention', 'inboundDays'], text: 'must not be shorter than notify.validityS' };
  }
}

/** A bot, a credential or a domain of two platforms would leave open who is meant. */
function* uniqueNames({ platforms }: CompleteConfig): Iterable<Finding> {
  const seen = new Map<string, string>();
  for (const { path, name, what } of platforms.flatMap(namesOf)) {
    const first = seen.get(`${what} ${name}`);
    if (first !== undefined) yield { path, text: `the ${what} stands already at ${first}` };
    else seen.set(`${what} ${name}`, printPath(path));
  }
}

/** Under a root for chatbots alone every URI is a chatbot of its platform: nothing else may stand there. */
function* chatbotRoots({ platforms, serverRoot }: CompleteConfig): Iterable<Finding> {
  for (const [index, { chatbotOnly, serverRoot: own }] of platforms.entries()) {
    if (!chatbotOnly) continue;
    const others = [serverRoot, ...platforms.filter((_, at) => at !== index).map((other) => other.serverRoot)];
    if (others.some((other) => placeOf(other) === placeOf(own)))
      yield { path: ['platforms', index, 'chatbotOnly'], text: 'needs a serverRoot that nobody else has' };
  }
}

/** Whatever the scheme: a proxy may speak another one. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const { host, pathname } = new URL(url);
  return host + pathname;
}

interface Name {
  readonly path: Path;
  readonly name: string;
  readonly what: string;
}

function namesOf(platform: CompleteConfig['platforms'][number], index: number): readonly Name[] {
  const at = (key: string, item: number, ...rest: string[]): Path => ['platforms', index, key, item, ...rest];
  return [
    { path: ['platforms', index, 'id'], name: platform.id, what: 'platform' },
    ...platform.keys.map((name, item) => ({ path: at('keys', item), name, what: 'key' })),
    ...(platform.jwt ? [{ path: ['platforms', index, 'jwt'], name: tokensOf(platform.jwt), what: 'tokens' }] : []),
    ...platform.clientCertificates.map((name, item) => ({
      path: at('clientCertificates', item),
      name,
      what: 'certificate',
    })),
    ...platform.chatbots.map(({ uri }, item) => ({
      path: at('chatbots', item, 'uri'),
      name: comparable(uri),
      what: 'chatbot',
    })),
    ...platform.domains.map((name, item) => ({ path: at('domains', item), name, what: 'domain' })),
  ];
}

/** Which tokens are this platform's. */
function tokensOf({ issuer, audience, subject }: NonNullable<CompleteConfig['platforms'][number]['jwt']>): string {
  return JSON.stringify([issuer, audience, subject]);
}

/** RFC 3261 §19.1.4 as far as a bot's URI needs it: scheme and host without regard to case, the user part with it. */
function comparable(uri: string): string {
  const at = uri.indexOf('@');
  const colon = uri.indexOf(':');
  return `${uri.slice(0, colon).toLowerCase()}${uri.slice(colon, at)}${uri.slice(at).toLowerCase()}`;
}
