import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DecodeError } from '../../../lib/wire/decode-error.js';
import { fillTemplate } from '../../../lib/wire/sdp/template.js';

describe('SDP template', () => {
  it('fills slots and prints CRLF', () => {
    expect(fillTemplate('v=0\na={x}:{y}\n', { x: '1', y: '2' })).to.equal('v=0\r\na=1:2\r\n');
  });
  it('repeats a line for each value of a list, and leaves it out for none', () => {
    expect(fillTemplate('a=f:{f}\na=g:{g}\nz\n', { f: ['1', '2'], g: [] })).to.equal('a=f:1\r\na=f:2\r\nz\r\n');
  });
  it('names the line of an unknown slot', () => {
    expect(() => fillTemplate('v=0\na={x}\n', {})).to.throw(DecodeError, /unknown slot \{x\} \(at line 2\)/);
  });
  it('names a slot that the template does not use', () => {
    expect(() => fillTemplate('v=0\n', { x: '1' })).to.throw(DecodeError, /\{x\}/);
  });
  it('takes no inherited name for a slot', () => {
    expect(() => fillTemplate('a={constructor}\n', {})).to.throw(DecodeError, /unknown slot/);
  });
  it('lets no line break in', () => {
    for (const evil of ['1\r\na=evil', '1\na=evil', '1\ra=evil'])
      expect(() => fillTemplate('a={x}\n', { x: evil })).to.throw(DecodeError, /line break/);
  });
  for (const name of readdirSync('sdp-templates')) {
    it(`${name} is stored with LF and ends in one`, () => {
      const text = readFileSync(join('sdp-templates', name), 'utf8');
      expect(text).to.match(/[^\n]\n$/);
      expect(text).not.to.include('\r');
    });
  }
});
