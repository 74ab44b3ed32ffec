/** Documents in XML that the network sends: each through its own codec, printed again and read again. */
import { DecodeError } from '../../../lib/wire/decode-error.js';
import { parseImdn, printImdn } from '../../../lib/wire/imdn.js';
import { parseIsComposing, printIsComposing } from '../../../lib/wire/is-composing.js';
import { parseFileTransferHttp, printFileTransferHttp } from '../../../lib/wire/rcs/file-transfer-http.js';
import { parseLinkReport } from '../../../lib/wire/rcs/link-report.js';
import { parsePrivacy, printPrivacy } from '../../../lib/wire/rcs/privacy.js';
import { parseRevoke, printRevoke } from '../../../lib/wire/rcs/revoke.js';
import { parseSpamReport, printSpamReport } from '../../../lib/wire/rcs/spam-report.js';
import { defaultXmlLimits, parseXml, type XmlElement } from '../../../lib/wire/xml.js';
import { must, same, type Target } from '../target.js';

const words = [
  ...['<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>', '&a;', '&b;', '&amp;', '&#0;', '&#x1F600;'],
  ...['&toString;', '&#xD800;', '<![CDATA[', ']]>', '<?xml version="1.0" encoding="UTF-16"?>', '<?x y?>', '<!-- -->'],
  ...[' xmlns="urn:other"', ' xmlns:a="urn:b"', ' a="1"', ' a="2"', 'xml:space', '<a>', '</a>', '<a/>', 'am:', 'x:'],
  ...['success', 'failed', 'status', 'delivered', 'Message-ID', 'tel:+15550100001', 'result', 'type', 'thumbnail'],
];

interface Codec<T> {
  readonly name: string;
  readonly fixtures: readonly string[];
  readonly parse: (input: Buffer) => T;
  readonly print?: (value: T) => Buffer;
}

function document<T>({ name, fixtures, parse, print }: Codec<T>): Target {
  return {
    name,
    shape: 'xml',
    words,
    seeds: [],
    fixtures,
    maxBytes: 140_000,
    run(input) {
      const value = parse(input);
      if (print) must(same(parse(print(value)), value), 'printed and read again it is the same');
    },
    mayThrow: (error) => error instanceof DecodeError,
  };
}

/** Depth and count of what the door lets in. */
function measure(element: XmlElement): { depth: number; count: number } {
  const inner = element.children.map(measure);
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    count: 1 + inner.reduce((sum, { count }) => sum + count, 0),
  };
}

const door: Target = {
  name: 'xml-door',
  shape: 'xml',
  words,
  seeds: ['<a/>', '<?xml version="1.0"?><a xmlns:p="urn:p"><p:b c="d">e &amp; f</p:b><![CDATA[<g>]]></a>'],
  fixtures: ['imdn/canonical', 'rcs/link-report', 'is-composing/canonical', 'rest/xml'],
  maxBytes: 140_000,
  run(input, random) {
    const tree = parseXml(input, random.oneIn(2) ? { unboundPrefixes: 'tolerate' } : {});
    const { depth, count } = measure(tree);
    must(depth <= defaultXmlLimits.maxDepth, 'no deeper than the limit');
    must(count <= defaultXmlLimits.maxElements, 'no more elements than the limit');
    must(input.length <= defaultXmlLimits.maxBytes, 'no longer than the limit');
  },
  mayThrow: (error) => error instanceof DecodeError,
};

export const xmlDocuments: readonly Target[] = [
  door,
  document({ name: 'imdn', fixtures: ['imdn'], parse: parseImdn, print: printImdn }),
  document({ name: 'is-composing', fixtures: ['is-composing'], parse: parseIsComposing, print: printIsComposing }),
  document({
    name: 'file-transfer-http',
    fixtures: ['rcs/file-transfer-http'],
    parse: parseFileTransferHttp,
    print: printFileTransferHttp,
  }),
  document({ name: 'revoke', fixtures: ['rcs/revoke'], parse: (input) => parseRevoke(input), print: printRevoke }),
  document({ name: 'privacy', fixtures: ['rcs/privacy'], parse: (input) => parsePrivacy(input), print: printPrivacy }),
  document({ name: 'spam-report', fixtures: ['rcs/spam-report'], parse: parseSpamReport, print: printSpamReport }),
  document({ name: 'link-report', fixtures: ['rcs/link-report'], parse: parseLinkReport }),
];
