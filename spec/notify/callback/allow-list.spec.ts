import { expect } from 'chai';
import fc from 'fast-check';
import { ApiError } from '../../../lib/resources/api-error.js';
import {
  isAllowedAddress,
  judgeNotifyUrl,
  parseAllowList,
  parseNotifyUrl,
} from '../../../lib/notify/callback/allow-list.js';
import { isPublicAddress, parseNetwork } from '../../../lib/notify/callback/ip-address.js';

const zone: Record<string, readonly string[]> = {
  'bot.example.com': ['93.184.216.34'],
  'rebound.example.com': ['127.0.0.1'],
  'mixed.example.com': ['10.0.0.9', '93.184.216.34'],
  localhost: ['127.0.0.1', '::1'],
  'echo-bot': ['172.18.0.4'],
};

const resolve = (name: string): Promise<readonly string[]> => {
  const addresses = zone[name];
  return addresses ? Promise.resolve(addresses) : Promise.reject(new Error('ENOTFOUND'));
};

async function judge(allow: readonly string[] | undefined, url: string): Promise<string> {
  try {
    await judgeNotifyUrl(parseAllowList(allow), url, resolve);
    return 'allowed';
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return `${error.status} ${error.id}`;
  }
}

const bad = '400 SVC0002';
const no = '403 POL0001';

/** allow list, notifyURL, verdict */
const table: [readonly string[] | undefined, string, string][] = [
  // Without a list: public https hosts.
  [undefined, 'https://bot.example.com/cb', 'allowed'],
  [[], 'https://bot.example.com:8443/cb?x=1', 'allowed'],
  [[], 'http://bot.example.com/cb', no],
  [[], 'https://93.184.216.34/cb', 'allowed'],
  [[], 'https://[2606:2800:220:1::1]/cb', 'allowed'],
  [[], 'https://localhost/cb', no],
  [[], 'https://LOCALHOST./cb', no],
  [[], 'https://intranet/cb', no],
  [[], 'https://db.internal/cb', no],
  [[], 'https://printer.local/cb', no],
  [[], 'https://127.0.0.1/cb', no],
  [[], 'https://127.1/cb', no],
  [[], 'https://2130706433/cb', no],
  [[], 'https://0x7f000001/cb', no],
  [[], 'https://0177.0.0.1/cb', no],
  [[], 'https://10.1.2.3/cb', no],
  [[], 'https://172.16.0.1/cb', no],
  [[], 'https://192.168.1.1/cb', no],
  [[], 'https://169.254.169.254/latest/meta-data', no],
  [[], 'https://100.64.0.1/cb', no],
  [[], 'https://0.0.0.0/cb', no],
  [[], 'https://224.0.0.1/cb', no],
  [[], 'https://[::1]/cb', no],
  [[], 'https://[::]/cb', no],
  [[], 'https://[::ffff:127.0.0.1]/cb', no],
  [[], 'https://[::ffff:a9fe:a9fe]/cb', no],
  [[], 'https://[::127.0.0.1]/cb', no],
  [[], 'https://[64:ff9b::7f00:1]/cb', no],
  [[], 'https://[2002:7f00:1::]/cb', no],
  [[], 'https://[fe80::1]/cb', no],
  [[], 'https://[fd00::1]/cb', no],
  // With one: what it names.
  [['bot.example.com'], 'https://bot.example.com/cb', 'allowed'],
  [['bot.example.com'], 'http://BOT.example.com.:8080/cb', 'allowed'],
  [['bot.example.com'], 'https://evil.bot.example.com/cb', no],
  [['bot.example.com'], 'https://bot.example.com.evil.net/cb', no],
  [['bot.example.com'], 'https://93.184.216.34/cb', no],
  [['bot.example.com:8443'], 'https://bot.example.com:8443/cb', 'allowed'],
  [['bot.example.com:8443'], 'https://bot.example.com/cb', no],
  [['bot.example.com:443'], 'https://bot.example.com/cb', 'allowed'],
  [['*.example.com'], 'https://bot.example.com/cb', 'allowed'],
  [['*.example.com'], 'https://a.b.example.com/cb', 'allowed'],
  [['*.example.com'], 'https://example.com/cb', no],
  [['*.example.com'], 'https://evilexample.com/cb', no],
  [['*.example.com:8443'], 'https://bot.example.com/cb', no],
  [['bücher.example'], 'https://xn--bcher-kva.example/cb', 'allowed'],
  // A name does not vouch for a private address, the address itself must be listed.
  [['*.example.com'], 'https://rebound.example.com/cb', no],
  [['*.example.com', '127.0.0.1'], 'https://rebound.example.com/cb', 'allowed'],
  [['*.example.com'], 'https://mixed.example.com/cb', 'allowed'],
  [['echo-bot'], 'http://echo-bot:9000/cb', no],
  [['echo-bot', '172.16.0.0/12'], 'http://echo-bot:9000/cb', 'allowed'],
  [['localhost'], 'http://localhost:9000/cb', 'allowed'],
  [['localhost:9000'], 'http://localhost:9001/cb', no],
  [['localhost'], 'http://127.0.0.1:9000/cb', no],
  // A listed name without an address now passes: every connection is judged again.
  [['later.example.net'], 'https://later.example.net/cb', 'allowed'],
  [['127.0.0.1'], 'http://127.0.0.1:9000/cb', 'allowed'],
  [['127.0.0.1'], 'http://[::ffff:127.0.0.1]:9000/cb', 'allowed'],
  [['127.0.0.1:9000'], 'http://127.0.0.1:9000/cb', 'allowed'],
  [['127.0.0.1:9000'], 'http://127.0.0.1:22/cb', no],
  [['10.0.0.0/8'], 'http://10.200.1.1/cb', 'allowed'],
  [['10.0.0.0/8'], 'http://11.0.0.1/cb', no],
  [['10.0.0.0/8'], 'https://bot.example.com/cb', no],
  [['fd00::/8'], 'http://[fd12::1]:80/cb', 'allowed'],
  [['[::1]:9000'], 'http://[::1]:9000/cb', 'allowed'],
  [['[::1]:9000'], 'http://[::1]:9001/cb', no],
  [['::1'], 'http://[0:0:0:0:0:0:0:1]:1/cb', 'allowed'],
  // Bad URLs, whatever the list.
  [['127.0.0.1'], 'ftp://127.0.0.1/cb', bad],
  [['127.0.0.1'], 'file:///etc/passwd', bad],
  [['127.0.0.1'], '/cb', bad],
  [['127.0.0.1'], '', bad],
  [['127.0.0.1'], 'http:127.0.0.1/cb', bad],
  [['127.0.0.1'], 'http:/127.0.0.1/cb', bad],
  [[], 'https:///example.com/', bad],
  [[], 'https:////example.com/', bad],
  [[], 'https://@example.com/', bad],
  [[], 'https://:@example.com/', bad],
  [[], 'https://example.com/@', 'allowed'],
  [[], 'https://example.com?@', 'allowed'],
  [[], 'HTTPS://example.com', 'allowed'],
  [['127.0.0.1'], 'http://user:pw@127.0.0.1/cb', bad],
  [['127.0.0.1'], 'http://127.0.0.1/cb#x', bad],
  [['127.0.0.1'], 'http://127.0.0.1:0/cb', bad],
  [['127.0.0.1'], 'http://./cb', bad],
  [['127.0.0.1'], 'http://%2e/cb', bad],
  [['127.0.0.1'], 'http://127.0.0.1:65536/cb', bad],
  [['127.0.0.1'], 'http://127.0.0.1/c b', bad],
  [['127.0.0.1'], 'http://127.0.0.1/c\r\nX: y', bad],
  [['127.0.0.1'], 'http://127.0.0.1\t/cb', bad],
  [['127.0.0.1'], 'http://127.0.0.1\\@evil.net/cb', bad],
  [['127.0.0.1'], 'http://１27.0.0.1/cb', bad],
  [['127.0.0.1'], `http://127.0.0.1/${'x'.repeat(2_048)}`, bad],
];

describe('allow-list of notifyURLs [IWF-1528]', () => {
  for (const [allow, url, verdict] of table) {
    const shown = url.length > 80 ? `${url.slice(0, 40)}… (${url.length})` : url;
    it(`[${allow?.join(', ') ?? ''}] ${JSON.stringify(shown)}: ${verdict}`, async () => {
      expect(await judge(allow, url)).to.equal(verdict);
    });
  }

  it('says of a URL that is none of them what it must be', () => {
    for (const url of [
      'localhost:9000',
      'ftp://bot.example.com/',
      'https://me:x@bot.example.com/',
      'https://bot.example.com/#x',
    ])
      expect(() => parseNotifyUrl(url), url)
        .to.throw(ApiError)
        .with.property('variables')
        .that.satisfies(([part, problem = '']: string[]) => part === 'notifyURL' && problem.includes('https://host/'));
  });

  it('says how a name beyond ASCII is written', () => {
    expect(() => parseNotifyUrl('https://bücher.example/cb'))
      .to.throw(ApiError)
      .with.nested.property('variables[1]')
      .that.includes('xn--');
  });

  it('resolves no name that is not listed, and none without a list', async () => {
    const asked: string[] = [];
    const spy = (name: string): Promise<readonly string[]> => (asked.push(name), Promise.resolve(['93.184.216.34']));
    await judgeNotifyUrl(parseAllowList(['a.example']), 'https://b.example/', spy).catch(() => undefined);
    await judgeNotifyUrl(parseAllowList([]), 'https://b.example/', spy);
    expect(asked).to.deep.equal([]);
    await judgeNotifyUrl(parseAllowList(['b.example']), 'https://b.example/', spy);
    expect(asked).to.deep.equal(['b.example']);
  });

  it('judges the address connected to by the same list', () => {
    const destination = parseNotifyUrl('https://bot.example.com/cb');
    const list = parseAllowList(['bot.example.com', '10.0.0.0/8']);
    expect(isAllowedAddress(list, destination, '93.184.216.34')).to.be.true;
    expect(isAllowedAddress(list, destination, '10.1.1.1')).to.be.true;
    for (const address of ['127.0.0.1', '192.168.0.1', '::ffff:127.0.0.1', 'fe80::1%eth0', 'nonsense', '']) {
      expect(isAllowedAddress(list, destination, address), address).to.be.false;
    }
  });

  it('names the entry that is no host, port, domain or network', () => {
    for (const entry of [
      '',
      'a b',
      'http://x',
      'x:0',
      'x:70000',
      '*',
      '*.*.x',
      'a.*.b',
      '10.0.0.0/33',
      '10.0.0/8',
      '1.2.3',
      'x/y',
      'u@h',
    ]) {
      expect(() => parseAllowList([entry]), entry).to.throw('not a host');
    }
  });

  it('answers every string with a verdict, never with another error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.webUrl(), fc.string()), async (url) => {
        expect([bad, no, 'allowed']).to.include(await judge(['*.example.com'], url));
      }),
    );
  });
});

describe('public addresses', () => {
  it('are what the whole internet reaches', () => {
    for (const address of ['1.1.1.1', '93.184.216.34', '172.32.0.1', '2606:4700::1111', '::ffff:1.1.1.1']) {
      expect(isPublicAddress(address), address).to.be.true;
    }
    for (const address of ['198.18.0.1', '203.0.113.7', '255.255.255.255', 'ff02::1', '2001:db8::1', '2001::1', 'x']) {
      expect(isPublicAddress(address), address).to.be.false;
    }
  });

  it('are never in a loopback or private network, however they are written [IWF-1718]', () => {
    const privates = ['127.0.0.0/8', '10.0.0.0/8', '192.168.0.0/16', '169.254.0.0/16'].map((text) =>
      parseNetwork(text)!,
    );
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        if (privates.some((network) => network.contains(address))) {
          expect(isPublicAddress(address)).to.be.false;
        }
        expect(isPublicAddress(`::ffff:${address}`)).to.equal(isPublicAddress(address));
      }),
    );
  });
});
