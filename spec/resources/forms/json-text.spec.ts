import { expect } from 'chai';
import fc from 'fast-check';
import { maxJsonDepth, parseJson } from '../../../lib/resources/forms/json-text.js';
import { refusal, refused } from '../failure.js';

describe('resources/forms/json-text', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(parseJson(text))).to.equal(text);
      }),
    );
  });

  const malformed: [text: string, position: number][] = [
    ['', 0],
    ['   ', 3],
    ['{', 1],
    ['{"a"', 4],
    ['{"a":}', 5],
    ['{"a":1,}', 7],
    ['{"a":1 "b":2}', 7],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['{a:1}', 1],
    ["{'a':1}", 1],
    ['{"a":01}', 6],
    ['{"a":"x\ny"}', 7],
    ['{"a":"\\x"}', 6],
    ['{"a":"never closed', 18],
    ['{"a":1}}', 7],
    ['{"a":1} {"b":2}', 8],
    ['[}', 1],
    ['{]', 1],
    [',', 0],
    ['nul', 0],
    ['{"a":tru}', 5],
    ['{"a" 1}', 5],
    ['{1:2}', 1],
    ['1 2', 2],
    ['[1,2 3]', 5],
    ['[[],[] 3]', 7],
    ['{"a":[1}', 7],
    ['[null 1]', 6],
    ['[1e-5 1]', 6],
    ['[1E+5 1]', 6],
    ['[1e5 1]', 5],
    ['[-0.5 1]', 6],
    ['["\\t" 1]', 6],
  ];
  for (const [text, position] of malformed) {
    it(`names the position of what is malformed: ${JSON.stringify(text)} [IWF-1613]`, () => {
      const error = refusal(() => parseJson(text));
      expect(error.id).to.equal('SVC0002');
      expect(error.variables).to.deep.equal(['JSON', `malformed at position ${position}`]);
    });
  }

  it('ends on whatever is cut off or overwritten, and agrees with JSON.parse', () => {
    const text = '{"a":[1,-2.5e3,"x\\u00e9\\n",true,null,{}],"b":{"c":[]}}';
    fc.assert(
      fc.property(fc.nat(text.length), fc.constantFrom('', '{', ']', '"', ',', ':', '\\', '1', 'x'), (at, put) => {
        const changed = text.slice(0, at) + put + text.slice(at + 1);
        let good = true;
        try {
          JSON.parse(changed);
        } catch {
          good = false;
        }
        if (good) parseJson(changed);
        else expect(refused(() => parseJson(changed))).to.equal('SVC0002 JSON');
      }),
    );
  });

  it('reads up to the depth limit, and refuses beyond without parsing [IWF-1617]', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(parseJson(nested(maxJsonDepth))).to.be.an('array');
    expect(refusal(() => parseJson(nested(maxJsonDepth + 1))).variables[1]).to.equal(
      `nested deeper than ${maxJsonDepth} at position ${maxJsonDepth}`,
    );
    expect(refusal(() => parseJson('{"a":'.repeat(500_000))).variables[1]).to.contain('nested deeper');
  });

  it('counts the depth behind strings, blanks and what was closed before, too', () => {
    for (const before of ['["x",', '[ \n', '[[],', '[{"a":1},']) {
      const nested = (depth: number) => `${before}${'['.repeat(depth - 1)}${']'.repeat(depth)}`;
      expect(parseJson(nested(maxJsonDepth))).to.be.an('array');
      expect(refusal(() => parseJson(nested(maxJsonDepth + 1))).variables[1]).to.contain('nested deeper');
    }
  });

  it('does not count brackets inside strings', () => {
    expect(parseJson(JSON.stringify('[{"\\'.repeat(100)))).to.be.a('string');
  });

  const twice: [text: string, position: number][] = [
    ['{"a":1,"a":1}', 7],
    ['{"a":1,"\\u0061":2}', 7],
    ['{"a":{"b":"b"},"c":[{"d":1},{"d":1,"e":2,"d":3}]}', 41],
    ['{"a\\"":"\\"a","b":"a","a\\"":0}', 21],
    ['{"":1, "":2}', 7],
    ['{"a":[1],"a":2}', 9],
    ['{"a":{"b":1},"a":2}', 13],
  ];
  for (const [text, position] of twice) {
    it(`refuses what stands twice: ${text}`, () => {
      const words = `a member that stands more than once at position ${position}`;
      expect(refusal(() => parseJson(text)).variables).to.deep.equal(['JSON', words]);
    });
  }

  it('takes the same name in different objects, as value and in lists', () => {
    for (const text of [
      '{"a":{"a":{"a":"a"}}}',
      '{"a":{"b":1},"b":2}',
      '{"a":[{"b":1}],"b":2}',
      '[{"a":1},{"a":1}]',
      '{"a":["a","a"],"b":{"a":1}}',
      '["a","a",":","{"]',
    ])
      expect(parseJson(text)).to.deep.equal(JSON.parse(text));
  });

  it('refuses half a surrogate pair, and takes a whole one', () => {
    expect(parseJson('"\\ud83d\\ude00"')).to.equal('😀');
    expect(parseJson('"\\ud800\\udc00\\udbff\\udfff\\ue000"')).to.equal('\u{10000}\u{10ffff}\ue000');
    expect(parseJson('"\\\\ud83d"')).to.equal('\\ud83d');
    for (const text of [
      '"\\ud83d"',
      '"\\ude00"',
      '"\\ud83dx\\ude00"',
      '"\\ud83d\\ue000"',
      '"\\udbff"',
      '"\\ud83d\\ud83d\\ude00"',
    ])
      expect(refusal(() => parseJson(text)).variables[1]).to.contain('surrogate');
  });
});
