/** The configuration as an operator meets it: files, environment, error lines, masks. */
import { Ajv } from 'ajv';
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { ConfigError, loadConfig, printConfig, type Config } from '../lib/config.js';
import { configSchema } from '../lib/config/schema.js';

const demo = fileURLToPath(new URL('../../config/demo.yaml', import.meta.url));
const sha = 'ab'.repeat(32);
const least = 'serverRoot: http://127.0.0.1:8080\nplatforms: []\n';

describe('configuration', () => {
  let folder: string;
  let count = 0;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'iwf-config-'))));
  after(() => rmSync(folder, { recursive: true }));

  function file(text: string, name = `case-${++count}.yaml`): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }

  function load(text: string, env: Record<string, string> = {}): Config {
    return loadConfig({ file: file(text), env });
  }

  /** The lines of the refusal, with the folder taken off. */
  function refusal(text: string, env: Record<string, string> = {}): readonly string[] {
    try {
      load(text, env);
    } catch (error) {
      if (error instanceof ConfigError)
        return error.lines.map((line) => line.replace(/^\S*\/case-\d+\.yaml/, 'iwf.yaml'));
      throw error;
    }
    throw new Error('was accepted');
  }

  it('has a schema that is one', () => {
    expect(new Ajv().validateSchema(configSchema)).to.equal(true);
  });

  it('completes a platform, hashes in lower case', () => {
    const upper = sha.toUpperCase();
    const config = load(`serverRoot: http://h\nplatforms: [{id: a, keys: [${upper}], clientSecrets: [${upper}]}]\n`);
    expect(config.platforms[0]).to.deep.include({
      ...{ keys: [sha], clientSecrets: [sha], sendDelivered: false, suspended: false, serverRoot: 'http://h' },
      botDefaults: { version: '#=1', roles: ['session', 'standalone'], mode: 'auto' },
    });
  });

  describe('defaults', () => {
    it('needs serverRoot and platforms alone', () => {
      const config = load(least);
      expect(config.sip.engine).to.equal('embedded');
      expect(config.rest.port).to.equal(8080);
      expect(config.drain.timeoutS).to.equal(15);
      expect(refusal('{}')).to.deep.equal([
        'iwf.yaml:1: serverRoot: required, but not given',
        'iwf.yaml:1: platforms: required, but not given',
      ]);
    });

    it('has the values that the contract names', () => {
      const { sip, msrp, chat, notify, retention, rest, trace, log, limits } = load(least);
      expect(rest.maxBodyBytes).to.equal(2 * 1024 * 1024);
      expect(sip).to.include({
        userUri: 'tel',
        pagerMaxBytes: 1300,
        messageAnswer: 200,
        sessionExpiresS: 1800,
        minSeS: 90,
      });
      expect(msrp).to.include({ maxMessageBytes: 1024 * 1024, maxConnections: 10_000, maxConnectionsPerSource: 2_000 });
      expect(chat).to.include({ idleTimeoutS: 300, validityS: 86_400 });
      expect(chat.backoff).to.include({ baseMs: 1_000, factor: 2, maxMs: 60_000 });
      expect(notify.validityS).to.equal(86_400);
      expect(notify.backoff).to.include({ baseMs: 1_000, factor: 2, maxMs: 900_000 });
      expect(notify.breaker).to.deep.equal({ failures: 20, probeMs: 5_000 });
      expect(retention).to.include({ messageDays: 30, inboundDays: 7, correlatorHours: 24 });
      expect(trace.bodies).to.equal(false);
      expect(log).to.include({ level: 'info', maskNumbers: true });
      expect(limits.contactsPerHour).to.equal(1_000);
    });

    it('completes a chatbot and a platform from what it says [IWF-1008]', () => {
      const config = load(
        'serverRoot: https://a.example/maap/\nplatforms: [{id: p, chatbots: [{uri: "sip:shop.acme@bots.example"}]}]',
      );
      expect(config.serverRoot).to.equal('https://a.example/maap');
      const platform = config.platforms[0]!;
      expect(platform.serverRoot).to.equal('https://a.example/maap');
      expect(platform.suspended).to.equal(false);
      expect(platform.notify).to.deep.equal({ allow: [], secrets: [], verify: false });
      expect(platform.limits).to.deep.equal(config.limits);
      expect(platform.chatbots).to.deep.equal([
        {
          uri: 'sip:shop.acme@bots.example',
          name: 'shop.acme',
          version: '#=1',
          roles: ['session', 'standalone'],
          mode: 'auto',
        },
      ]);
    });

    it('lets a platform override single limits', () => {
      const { platforms, limits } = load('serverRoot: http://a\nplatforms: [{id: p, limits: {laneLength: 7}}]');
      expect(platforms[0]!.limits).to.deep.equal({ ...limits, laneLength: 7 });
    });

    it('takes MSRP from the addresses of sip.trustedPeers unless told otherwise', () => {
      const peers = (text: string): readonly string[] =>
        load(`${least}${text}`).msrp.trustedPeers.map(({ address }) => address);
      const tls = 'tls: {cert: a, key: b, ca: c}';
      expect(peers('')).to.deep.equal(['127.0.0.0', '::1']);
      expect(peers(`sip: {trustedPeers: [10.0.0.1, sbc.example.net], ${tls}}`)).to.deep.equal(['10.0.0.1']);
      expect(peers('sip: {trustedPeers: []}')).to.deep.equal([]);
      const own = 'msrp: {trustedPeers: [192.0.2.0/24]}';
      expect(peers(`sip: {trustedPeers: [sbc.example.net], ${tls}}\n${own}`)).to.deep.equal(['192.0.2.0']);
      expect(peers(`sip: {trustedPeers: [sbc.example.net], ${tls}}\nmsrp: {trustedPeers: []}`)).to.deep.equal([]);
    });

    it('advertises the MSRP host unless told otherwise', () => {
      expect(load(`${least}msrp: {host: 10.0.0.1}`).msrp.advertise).to.equal('10.0.0.1');
      expect(load(`${least}msrp: {advertise: a.example}`).msrp.advertise).to.equal('a.example');
    });
  });

  describe('the file', () => {
    it('is merged key by key, a list replacing a list', () => {
      const config = load(`${least}sip:\n  pagerMaxBytes: 2000\n  trustedPeers: [10.0.0.0/8]\n`);
      expect(config.sip.pagerMaxBytes).to.equal(2000);
      expect(config.sip.sessionExpiresS).to.equal(1800);
      expect(config.sip.trustedPeers).to.deep.equal([{ address: '10.0.0.0', prefix: 8, family: 'ipv4' }]);
    });

    it('may be JSON', () => {
      const path = file(
        JSON.stringify({ serverRoot: 'http://a', platforms: [{ id: 'p', keys: [sha.toUpperCase()] }] }),
        'c.json',
      );
      expect(loadConfig({ file: path, env: {} }).platforms[0]!.keys).to.deep.equal([sha]);
    });

    it('may leave a section empty, as when all of it is commented out', () => {
      expect(load(`${least}rest:\n`).rest.port).to.equal(8080);
    });

    it('parses the listening addresses, IPv6 in brackets', () => {
      expect(
        load(`${least}sip: {engine: drachtio, listen: ["udp/[::1]:0", tls/iwf.example.net:5061]}`).sip.listen,
      ).to.deep.equal([
        { protocol: 'udp', host: '::1', port: 0 },
        { protocol: 'tls', host: 'iwf.example.net', port: 5061 },
      ]);
    });

    it('is refused where it cannot be read, with the reason', () => {
      const load = () => loadConfig({ file: join(folder, 'none.yaml'), env: {} });
      expect(load).to.throw(ConfigError, /none\.yaml: cannot be read: ENOENT/);
    });
  });

  describe('errors name file, line and key [IWF-1813]', () => {
    const cases: readonly [title: string, text: string, line: string][] = [
      ['an unknown key', 'rest:\n  prot: 1', 'iwf.yaml:4: rest.prot: unknown key (did you mean port?)'],
      [
        'a key of another section',
        'pagerMaxBytes: 1',
        'iwf.yaml:3: pagerMaxBytes: unknown key (did you mean sip.pagerMaxBytes?)',
      ],
      [
        'a key of each platform that stands for all',
        'notify:\n  allow: [a]',
        'iwf.yaml:4: notify.allow: unknown key (did you mean platforms[].notify.allow?)',
      ],
      [
        'a retention that forgets what is still tried',
        'retention: {inboundDays: 1}\nnotify: {validityS: 86401}',
        'iwf.yaml:3: retention.inboundDays: must not be shorter than notify.validityS',
      ],
      [
        'the same of bots’ messages',
        'retention: {messageDays: 2}\nchat: {validityS: 172801}',
        'iwf.yaml:3: retention.messageDays: must not be shorter than chat.validityS',
      ],
      ['a key like none', 'wobble: 1', 'iwf.yaml:3: wobble: unknown key'],
      ['a hostile key', '__proto__: {a: 1}', 'iwf.yaml:3: __proto__: unknown key'],
      ['a wrong type', 'rest: {port: many}', 'iwf.yaml:3: rest.port: must be a whole number, is "many"'],
      [
        'a text for a switch',
        'log: {maskNumbers: "no"}',
        'iwf.yaml:3: log.maskNumbers: must be true or false, is "no"',
      ],
      ['a section for a value', 'rest: {port: {a: 1}}', 'iwf.yaml:3: rest.port: must be a whole number, is a section'],
      ['a value for a section', 'rest: 8080', 'iwf.yaml:3: rest: must be a section of keys, is 8080'],
      ['an empty value', 'rest:\n  port:', 'iwf.yaml:4: rest.port: must be a whole number, is empty'],
      ['a number too great', 'rest: {port: 65536}', 'iwf.yaml:3: rest.port: must be at most 65535, is 65536'],
      ['a number too small', 'chat: {idleTimeoutS: 0}', 'iwf.yaml:3: chat.idleTimeoutS: must be at least 1, is 0'],
      [
        'a choice that is none',
        'sip: {messageAnswer: 404}',
        'iwf.yaml:3: sip.messageAnswer: must be one of 200, 202, is 404',
      ],
      ['a list too short', 'sip: {listen: []}', 'iwf.yaml:3: sip.listen: must be a list of at least 1, is a list of 0'],
      [
        'a bad listening address',
        'sip: {listen: [udp/::1:5060]}',
        'iwf.yaml:3: sip.listen[0]: must be udp|tcp|tls/host:port, an IPv6 address in brackets; is udp/::1:5060',
      ],
      [
        'a listening address twice',
        'sip: {listen: [udp/127.0.0.1:1, udp/127.0.0.1:1]}',
        'iwf.yaml:3: sip.listen[1]: is listed twice: udp/127.0.0.1:1',
      ],
      ['TLS without a certificate', 'sip: {listen: ["tls/[::1]:1"]}', 'iwf.yaml:3: sip.listen[0]: needs sip.tls'],
      [
        'a name to listen on',
        'sip: {listen: [udp/localhost:15060]}',
        'iwf.yaml:3: sip.listen[0]: must be an IP address of this host, or 0.0.0.0 or [::] for all; is udp/localhost:15060',
      ],
      [
        'a proxy that is no address',
        'rest: {trustedProxies: [10.0.0.1, 10.0.0.0/33]}',
        'iwf.yaml:3: rest.trustedProxies[1]: is not an IP address or CIDR block: 10.0.0.0/33',
      ],
      [
        'a bad CIDR block',
        'sip: {trustedPeers: [10.0.0.0/33]}',
        'iwf.yaml:3: sip.trustedPeers[0]: is not an IP address, CIDR block or domain: 10.0.0.0/33',
      ],
      [
        'a domain that no certificate can show',
        'sip: {trustedPeers: [sbc.example.net], tls: {cert: a, key: b}}\nmsrp: {trustedPeers: [10.0.0.1]}',
        'iwf.yaml:3: sip.trustedPeers[0]: a domain needs sip.tls.ca and clientCertificates: sbc.example.net',
      ],
      [
        'domains alone, which say nothing of where MSRP comes from',
        'sip: {trustedPeers: [sbc.example.net], tls: {cert: a, key: b, ca: c}}',
        'iwf.yaml:3: sip.trustedPeers: a domain counts for SIP alone: msrp.trustedPeers must say from which addresses MSRP is taken',
      ],
      [
        'a bad CIDR block of MSRP',
        'msrp: {trustedPeers: [10.0.0.0/33]}',
        'iwf.yaml:3: msrp.trustedPeers[0]: is not an IP address or CIDR block: 10.0.0.0/33',
      ],
      [
        'all addresses in the SDP',
        'msrp: {host: 0.0.0.0}',
        'iwf.yaml:3: msrp.advertise: required where msrp.host is all addresses; is 0.0.0.0',
      ],
      [
        'all addresses of IPv6 in the SDP',
        'msrp: {host: 10.0.0.1, advertise: "::"}',
        'iwf.yaml:3: msrp.advertise: required where msrp.host is all addresses; is ::',
      ],
      [
        'a domain that drachtio-server cannot know anybody by',
        'sip: {engine: drachtio, trustedPeers: [sbc.example.net, 10.0.0.1], tls: {cert: a, key: b, ca: c}}',
        'iwf.yaml:3: sip.trustedPeers[0]: drachtio-server shows no names of certificates, needs an address or the embedded engine: sbc.example.net',
      ],
      [
        'a next hop that is none',
        'sip: {nextHop: "tel:+1"}',
        'iwf.yaml:3: sip.nextHop: must be a next hop as sip:host:port;transport=udp, is "tel:+1"',
      ],
      [
        'a list of next hops with a gap',
        'sip: {nextHop: "sip:a,,sip:b"}',
        'iwf.yaml:3: sip.nextHop: must be a next hop as sip:host:port;transport=udp, is "sip:a,,sip:b"',
      ],
      [
        'a store that is not built yet',
        'store:\n  kind: redis\n  url: redis://h',
        'iwf.yaml:4: store.kind: redis is not part of this version',
      ],
      [
        'a minimum above the offer',
        'sip: {minSeS: 2000}',
        'iwf.yaml:3: sip.minSeS: must not exceed sip.sessionExpiresS',
      ],
      ['a URL that is none', 'store: {url: "redis://["}', 'iwf.yaml:3: store.url: is not a URL'],
      [
        'a first wait above the longest',
        'chat: {backoff: {baseMs: 61000}}',
        'iwf.yaml:3: chat.backoff.baseMs: must not exceed maxMs',
      ],
      [
        'the same of callbacks',
        'notify: {backoff: {maxMs: 1}}',
        'iwf.yaml:3: notify.backoff.baseMs: must not exceed maxMs',
      ],
      [
        'room for less than one message',
        'msrp: {maxMessageBytes: 300000000}',
        'iwf.yaml:3: msrp.maxAssemblyBytes: must hold at least one message (msrp.maxMessageBytes)',
      ],
      [
        'a head larger than its message',
        'sip: {maxMessageBytes: 1000}',
        'iwf.yaml:3: sip.maxHeadBytes: must not exceed sip.maxMessageBytes',
      ],
      [
        'a header that would split',
        'sip: {routes: [{match: "+1", nextHop: "sip:a", headers: {X: "a\\r\\nb"}}]}',
        'iwf.yaml:3: sip.routes[0].headers.X: must be a header value, is "a\\r\\nb"',
      ],
      [
        'a header name that is none',
        'sip: {routes: [{match: "+1", nextHop: "sip:a", headers: {"a b": c}}]}',
        'iwf.yaml:3: sip.routes[0].headers: "a b" is not a header name',
      ],
      ...['Via', 'v', 'Record-Route', 'content-length', 'Call-ID', 'CSeq', 'Contact', 'To', 'f', 'Content-Type'].map(
        (name): [string, string, string] => [
          `a header of the engine's own: ${name}`,
          `sip: {routes: [{match: "+1", nextHop: "sip:a", headers: {X: a, ${name}: b}}]}`,
          `iwf.yaml:3: sip.routes[0].headers.${name}: is written by the gateway itself`,
        ],
      ),
      [
        'a Route that would be dropped',
        'sip: {engine: drachtio, routes: [{match: "+1", nextHop: "sip:a", headers: {Route: "<sip:b;lr>"}}]}',
        'iwf.yaml:3: sip.routes[0].headers.Route: a drachtio-server drops it',
      ],
      [
        'a caller who is answered when drachtio-server has forgotten him [sip.answerTimeoutS]',
        'sip: {engine: drachtio, answerTimeoutS: 61}',
        'iwf.yaml:3: sip.answerTimeoutS: a drachtio-server forgets the INVITE: at most 60',
      ],
      ['a key twice', 'rest:\n  port: 1\n  port: 2', 'iwf.yaml:5: port: duplicate key'],
    ];
    for (const [title, text, line] of cases)
      it(title, () => expect(refusal(`${least}${text}\n`)).to.deep.equal([line]));

    it('a platform without id, a bot without uri, a key that is no SHA-256 (and is not shown)', () => {
      const text = 'serverRoot: http://a\nplatforms:\n  - keys: [hunter2]\n    chatbots:\n      - name: x\n';
      expect(refusal(text)).to.deep.equal([
        'iwf.yaml:3: platforms[0].id: required, but not given',
        'iwf.yaml:3: platforms[0].keys[0]: must be 64 hexadecimal digits (a SHA-256)',
        'iwf.yaml:5: platforms[0].chatbots[0].uri: required, but not given',
      ]);
    });

    it('a secret where a list of them belongs, which is not shown', () => {
      const whsec = `whsec_${'A'.repeat(32)}`;
      const lists = ['keys', 'clientSecrets', 'clientCertificates'].map((key) => `    ${key}: ${sha}\n`).join('');
      const text = `serverRoot: http://a\nplatforms:\n  - id: p\n${lists}    notify: {secrets: ${whsec}}\n`;
      expect(refusal(text)).to.deep.equal([
        'iwf.yaml:4: platforms[0].keys: must be a list',
        'iwf.yaml:5: platforms[0].clientSecrets: must be a list',
        'iwf.yaml:6: platforms[0].clientCertificates: must be a list',
        'iwf.yaml:7: platforms[0].notify.secrets: must be a list',
      ]);
    });

    it('a list of secrets that is too long, with its length and without them', () => {
      const secrets = Array.from({ length: 5 }, () => `whsec_${'A'.repeat(32)}`);
      const text = `serverRoot: http://a\nplatforms: [{id: p, notify: {secrets: [${secrets.join(',')}]}}]\n`;
      expect(refusal(text)).to.deep.equal([
        'iwf.yaml:2: platforms[0].notify.secrets: must be a list of at most 4, is a list of 5',
      ]);
    });

    it('client certificates that nobody can have checked, a serverRoot that is no URL', () => {
      const text = `serverRoot: http://a\nplatforms:\n  - id: p\n    clientCertificates: [${sha}]\n    serverRoot: "http://["\n`;
      expect(refusal(text)).to.deep.equal([
        'iwf.yaml:5: platforms[0].serverRoot: is not a URL: http://[',
        'iwf.yaml:4: platforms[0].clientCertificates: needs rest.tls.clientCa',
      ]);
      const tls = 'rest: {tls: {cert: a, key: b, clientCa: c}}';
      expect(load(text.replace('"http://["', `http://b\n${tls}`)).platforms[0]!.clientCertificates).to.deep.equal([
        sha,
      ]);
    });

    it('half a certificate for callbacks', () => {
      const text = 'serverRoot: http://a\nplatforms: [{id: p, notify: {bearer: t, tls: {cert: c.pem}}}]\n';
      expect(refusal(text)).to.deep.equal(['iwf.yaml:2: platforms[0].notify.tls: cert and key belong together']);
      const whole = file(text.replace('c.pem', 'c.pem, key: k.pem'));
      expect(printConfig({ file: whole, env: {} }))
        .to.include('cert: c.pem')
        .and.not.to.match(/bearer: "?t"?\n/);
    });

    it('a platform that must not see numbers, without a key for its tokens', () => {
      const text = 'serverRoot: http://a\nplatforms: [{id: p, trustedWithNumbers: false}]\n';
      expect(refusal(text)[0]).to.match(/: sip\.privacyKey: required where a platform has trustedWithNumbers false$/);
      const key = `sip: {privacyKey: ${sha}}`;
      expect(load(`${text}${key}\n`).platforms[0]!.trustedWithNumbers).to.equal(false);
    });

    it('what may stand only once over all platforms', () => {
      const one = `{id: p, keys: [${sha}], domains: [a.example], chatbots: [{uri: "sip:bot@Bots.example"}]}`;
      const two = `{id: p, keys: [${sha}], domains: [A.example], chatbots: [{uri: "SIP:bot@bots.example"}]}`;
      expect(refusal(`serverRoot: http://a\nplatforms:\n  - ${one}\n  - ${two}\n`)).to.deep.equal([
        'iwf.yaml:4: platforms[1].id: the platform stands already at platforms[0].id',
        'iwf.yaml:4: platforms[1].keys[0]: the key stands already at platforms[0].keys[0]',
        'iwf.yaml:4: platforms[1].chatbots[0].uri: the chatbot stands already at platforms[0].chatbots[0].uri',
        'iwf.yaml:4: platforms[1].domains[0]: the domain stands already at platforms[0].domains[0]',
      ]);
    });

    it('a serverRoot for chatbots alone that is not its own', () => {
      const platforms = (root: string) =>
        `serverRoot: http://a/x/\nplatforms:\n  - {id: p, chatbotOnly: true${root}}\n  - {id: q, serverRoot: "https://b/y"}\n`;
      const line = 'iwf.yaml:3: platforms[0].chatbotOnly: needs a serverRoot that nobody else has';
      for (const root of ['', ', serverRoot: "https://a/x"', ', serverRoot: "http://B/y/"'])
        expect(refusal(platforms(root)), root).to.deep.equal([line]);
      expect(load(platforms(', serverRoot: "http://b/x"')).platforms[0]!.chatbotOnly).to.equal(true);
    });

    it('bots whose user parts differ in case are two', () => {
      const bots = '{uri: "sip:Bot@a.example"}, {uri: "sip:bot@a.example"}';
      expect(
        load(`serverRoot: http://a\nplatforms: [{id: p, chatbots: [${bots}]}]`).platforms[0]!.chatbots,
      ).to.have.length(2);
    });

    it('a file that is something else ends after 20 lines', () => {
      const lines = refusal(`${least}${Array.from({ length: 50 }, (_, at) => `zzzzzzzz${at}: 1`).join('\n')}`);
      expect(lines).to.have.length(21);
      expect(lines.at(-1)).to.equal('… and 30 more');
    });

    it('aliases that multiply are refused', () => {
      const text =
        'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c]';
      expect(refusal(text)[0]).to.match(/^iwf\.yaml:1: .*alias/i);
    });

    it('a list at the root, a tag, a second document', () => {
      expect(refusal('- a')[0]).to.equal('iwf.yaml:1: must be a map of keys');
      expect(refusal(`${least}rest: !!js/function x`)[0]).to.match(/^iwf\.yaml:3: /);
      expect(refusal(`${least}---\na: 1`)[0]).to.match(/^iwf\.yaml:\d: /);
    });
  });

  describe('the environment', () => {
    it('overrides every kind of value, names in any case', () => {
      const config = load(least, {
        IWF_REST__PORT: '9090',
        IWF_SIP__PAGERMAXBYTES: '2000',
        IWF_SIP__LISTEN: 'udp/127.0.0.1:5080, tcp/127.0.0.1:5080',
        IWF_SIP__MESSAGEANSWER: '202',
        IWF_STORE__ALLOWVOLATILE: 'TRUE',
        IWF_CHAT__BACKOFF__JITTER: '0.5',
        IWF_NOTIFY__BREAKER: '{"failures": 3, "probeMs": 10}',
        PATH: '/bin',
      });
      expect(config.rest.port).to.equal(9090);
      expect(config.sip).to.include({ pagerMaxBytes: 2000, messageAnswer: 202 });
      expect(config.sip.listen.map(({ protocol, port }) => `${protocol} ${port}`)).to.deep.equal([
        'udp 5080',
        'tcp 5080',
      ]);
      expect(config.store.allowVolatile).to.equal(true);
      expect(config.chat.backoff.jitter).to.equal(0.5);
      expect(config.notify.breaker).to.deep.equal({ failures: 3, probeMs: 10 });
    });

    it('reaches into lists by index, and makes a whole configuration', () => {
      const env = {
        IWF_SERVERROOT: 'http://a',
        IWF_PLATFORMS__0__ID: 'p',
        IWF_PLATFORMS__0__KEYS: `${sha},${'cd'.repeat(32)}`,
      };
      const { platforms } = loadConfig({ env });
      expect(platforms[0]).to.deep.include({ id: 'p', keys: [sha, 'cd'.repeat(32)] });
    });

    it('makes lists of more than ten members', () => {
      const ids = Array.from({ length: 12 }, (_, at) => `p${at}`);
      const named = Object.fromEntries(ids.map((id, at) => [`IWF_PLATFORMS__${at}__ID`, id]));
      const { platforms } = loadConfig({ env: { IWF_SERVERROOT: 'http://a', ...named } });
      expect(platforms.map(({ id }) => id)).to.deep.equal(ids);
    });

    it('leaves out what Kubernetes says of a service called iwf', () => {
      const env = {
        IWF_SERVICE_HOST: '10.0.0.1',
        IWF_SERVICE_PORT_REST: '8080',
        IWF_PORT: 'tcp://10.0.0.1:8080',
        IWF_PORT_8080_TCP_ADDR: '10.0.0.1',
        IWF_ADMIN_SERVICE_PORT: '8081',
        IWF_REST__PORT: '9090',
      };
      expect(load(least, env).rest.port).to.equal(9090);
    });

    it('names the variable in what it refuses', () => {
      expect(refusal(least, { IWF_REST__PROT: '1', IWF_PLATFORMS: 'x' })).to.deep.equal([
        'environment IWF_PLATFORMS: must be JSON (an object, or a list of objects)',
        'environment IWF_REST__PROT: unknown key PROT (did you mean port?)',
      ]);
      expect(refusal(least, { IWF_REST__PORT: '0x10' })).to.deep.equal([
        'environment IWF_REST__PORT: rest.port: must be a whole number, is "0x10"',
      ]);
      expect(refusal(least, { IWF_PLATFORMS__2__ID: 'p' })).to.deep.equal([
        'environment IWF_PLATFORMS__2__ID: platforms has no member before [2]',
      ]);
      expect(() => loadConfig({ env: {} })).to.throw(ConfigError, 'no configuration file: serverRoot: required');
    });
  });

  describe('printed', () => {
    it('shows every value but the secrets', () => {
      const path = file(
        `serverRoot: http://a\nplatforms: [{id: p, keys: [${sha}], notify: {secrets: [whsec_${'A'.repeat(32)}]}}]\n` +
          `admin: {key: ${sha}}\nsip: {drachtio: {secret: cymru}}\nstore: {url: "redis://u:pass@h:6379/0"}\n`,
      );
      const text = printConfig({ file: path, env: {} });
      for (const hidden of [sha, 'whsec_', 'cymru', 'pass@']) expect(text).not.to.include(hidden);
      expect(text).to.include('redis://u:********@h:6379/0');
      expect((parse(text) as Config).sip.pagerMaxBytes).to.equal(1300);
      expect((parse(text) as Config).platforms[0]!.keys, 'a list stays one').to.deep.equal(['********']);
    });

    it('can be read in again where it holds no secret', () => {
      const path = file(`${least}sip: {pagerMaxBytes: 999}`);
      const again = file(printConfig({ file: path, env: {} }));
      expect(loadConfig({ file: again, env: {} })).to.deep.equal(loadConfig({ file: path, env: {} }));
    });
  });

  it('of the demo is valid, on loopback, with the documented key', () => {
    const config = loadConfig({ file: demo, env: {} });
    expect(config.platforms.map(({ id }) => id)).to.deep.equal(['demo']);
    expect(config.platforms[0]!.chatbots[0]!.uri).to.equal('sip:echo@botplatform.example.net');
    expect(config.sip.nextHop).to.equal('sip:127.0.0.1:5070;transport=tcp');
    for (const { host } of [config.rest, config.admin, config.msrp, ...config.sip.listen])
      expect(host).to.equal('127.0.0.1');
  });
});
