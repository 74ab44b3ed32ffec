/** What does not fit is what a validator of JSON schema refuses: the forms are read as the schema that they are. */
import { Ajv } from 'ajv';
import { expect } from 'chai';
import fc from 'fast-check';
import { parseConfigDocument, readDocument } from '../../lib/config/document.js';
import { defaultFile } from '../../lib/config/load.js';
import { misfits } from '../../lib/config/misfits.js';
import { isTree, overlay, withValueAt, type Path } from '../../lib/config/path.js';
import { configSchema } from '../../lib/config/schema.js';

const own = `
serverRoot: http://127.0.0.1:8080
sip: { nextHop: 'sip:192.0.2.1', routes: [{ match: '+1555', nextHop: 'sip:192.0.2.2', headers: { X-Name: value } }] }
platforms:
  - id: shop
    keys: [${'ab'.repeat(32)}]
    jwt: { issuer: a, jwksUrl: https://a.example }
    chatbots: [{ uri: sip:shop@botplatform.example.net, mode: auto, roles: [session] }]
    notify: { allow: [callback.example.com], verify: true }
    limits: { laneLength: 5 }
`;
const whole = overlay(readDocument(defaultFile).tree, parseConfigDocument('own', own).tree);

function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  const members: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item, index) => [index, item] as const)
    : isTree(value)
      ? Object.entries(value)
      : [];
  return [path, ...members.flatMap(([step, member]) => pathsOf(member, [...path, step]))];
}

describe('a value held against its form', () => {
  const ajv = new Ajv({ strict: false, validateSchema: false, code: { optimize: false } });
  const validate = ajv.compile(configSchema);
  const path = fc.constantFrom(...pathsOf(whole));
  const further = fc.constantFrom('port', 'zzz', 'constructor', '__proto__', 'a b').map((key) => [key]);
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      0,
      -1,
      1.5,
      443,
      1e12,
      NaN,
      Infinity,
      [],
      [[]],
      {},
      { a: 'b' },
      { 'a b': 'c' },
    ),
    fc.constantFrom(
      '',
      'x',
      'auto',
      'session',
      'a\nb',
      'a\u2028',
      'x'.repeat(1025),
      '🎉'.repeat(1024),
      '🎉'.repeat(5000),
    ),
    fc.constantFrom<unknown>(['session'], ['session', 'session', 'session'], 'tcp/127.0.0.1:5060', 'sip:a@b'),
  );
  const change = fc.record({ path, further: fc.option(further, { nil: [] as string[] }), value });

  it('fits where the schema says so', () => {
    expect(misfits(whole, configSchema)).to.deep.equal([]);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
        const tree = changes.reduce(
          (result, each) => withValueAt(result, [...each.path, ...each.further], each.value),
          whole,
        );
        expect(misfits(tree, configSchema).length === 0).to.equal(validate(tree));
      }),
      { numRuns: 500 },
    );
  });

  it('says each fault once, at its place', () => {
    const wrong = overlay(whole, { rest: { port: 1.5 }, admin: { nothing: 1 }, platforms: [{ keys: ['x'] }] });
    expect(misfits(wrong, configSchema).map(({ kind, path: at }) => [kind, at.join('.')])).to.have.deep.members([
      ['type', 'rest.port'],
      ['unknown key', 'admin'],
      ['missing key', 'platforms.0'],
      ['pattern', 'platforms.0.keys.0'],
    ]);
  });
});
