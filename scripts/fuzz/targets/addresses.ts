/** Whom and what SIP headers name: addresses, URIs, feature tags, charging vectors. */
import {
  decodePathSegment,
  encodePathSegment,
  parseAddress,
  parseAddressList,
  parseNameAddr,
} from '../../../lib/wire/address.js';
import { parseChargingVector, printChargingVector } from '../../../lib/wire/charging-vector.js';
import { DecodeError } from '../../../lib/wire/decode-error.js';
import {
  hasRcsTags,
  parseVersions,
  printContactParameters,
  readFeatureTags,
  serviceName,
} from '../../../lib/wire/feature-tags.js';
import { parseSipUri, printSipUri, sipUriEqual, sipUriKey } from '../../../lib/wire/sip-uri.js';
import { must, same, type Target } from '../target.js';

const decodeErrors = (error: unknown): boolean => error instanceof DecodeError;

const words = [
  ...['"x" <tel:+1>', 'Contact: *', 'sips:', 'tel:', '<', '>;tag=', ';lr', ';maddr=', '[::1]', ' ', '%00', ';', ','],
  ...['+g.gsma.rcs.isbot', '"', '=', 'urn%3A', 'SIP/2.0', '@', ':5060', '?a=b'],
];

const address: Target = {
  name: 'address',
  shape: 'tokens',
  words: [
    ...words,
    'phone-context=+1',
    ';tk=on',
    ';user=phone',
    '+15550100001',
    '%2B',
    '%zz',
    '"',
    '\\',
    'anonymous.invalid',
  ],
  seeds: [
    'tel:+15550100001',
    '"A" <sip:+15550100001@h;user=phone>;tag=x',
    'sip:tok@h;tk=on',
    '<tel:1;phone-context=+49>, <sip:a@b>',
  ],
  fixtures: ['address#'],
  maxBytes: 8192,
  run(input, random) {
    const text = input.toString('utf8');
    const options = random.oneIn(2) ? { defaultCountry: '+49' } : {};
    const one = attempt(() => parseAddress(text, options));
    if (one) {
      must(!hasBreak(one.original), 'no line break in an address');
      must(one.kind === 'undefined-number' || !hasBreak(one.key), 'no line break in a key');
      must(one.displayName === undefined || !hasBreak(one.displayName), 'no line break in a name');
      must(decodePathSegment(encodePathSegment(one.original)) === one.original, 'a path segment says the same');
      must(
        same(parseAddress(`<${one.original}>`, options).kind, one.kind),
        'the address itself is read as the same kind',
      );
    }
    attempt(() => parseAddressList(text, options));
    attempt(() => parseNameAddr(text));
    attempt(() => decodePathSegment(text));
    const uri = attempt(() => parseSipUri(text));
    if (!uri) return;
    const again = parseSipUri(printSipUri(uri));
    must(sipUriEqual(again, uri) || uri.parameters.length > 0, 'a printed URI is equal');
    must(sipUriKey(again) === sipUriKey(uri), 'a printed URI has the same key');
  },
  mayThrow: () => false,
};

function hasBreak(text: string): boolean {
  return /[\r\n\0]/.test(text);
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (decodeErrors(error)) return undefined;
    throw error;
  }
}

const featureTags: Target = {
  name: 'feature-tags',
  shape: 'tokens',
  words: [
    ...words,
    '+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.session"',
    '+g.gsma.rcs.botversion="#=1,#=2"',
    '=FALSE',
  ],
  seeds: [],
  fixtures: ['feature-tags'],
  maxBytes: 20_000,
  run(input) {
    const text = input.toString('latin1');
    const tags = attempt(() => readFeatureTags(text.split('\n')));
    parseVersions(text);
    serviceName(text);
    if (!tags || !hasRcsTags(tags)) return;
    const { icsis, iaris, botVersions, isbot, msgrevoke, msgfallback, pagerLarge } = tags;
    const print = {
      icsis: [...icsis],
      iaris: [...iaris],
      botVersions: [...botVersions],
      isbot,
      msgrevoke,
      msgfallback,
      pagerLarge,
    };
    const printed = attempt(() => printContactParameters(print));
    if (printed !== undefined) must(!/[\r\n]/.test(printed), 'no line break is printed');
  },
  mayThrow: () => false,
};

const chargingVector: Target = {
  name: 'charging-vector',
  shape: 'tokens',
  words: ['icid-value=', 'orig-ioi=', 'term-ioi="', ';', '"', '\\'],
  seeds: [
    'icid-value=1234bc9876e;icid-generated-at=192.0.2.1;orig-ioi=home1.net',
    'icid-value="a\\"b"; term-ioi="x;y"',
  ],
  fixtures: [],
  maxBytes: 4096,
  run(input) {
    const vector = parseChargingVector(input.toString('latin1'));
    const printed = printChargingVector(vector);
    must(printed.length > 1024 || same(parseChargingVector(printed), vector), 'printed and read again it is the same');
  },
  mayThrow: decodeErrors,
};

export const addresses: readonly Target[] = [address, featureTags, chargingVector];
