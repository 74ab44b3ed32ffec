import { expect } from 'chai';
import { isDateTime } from '../../../lib/resources/forms/date-time.js';

describe('a point in time (RFC 3339 §5.6)', () => {
  it('is one of that form, with its offset, on a day that there is', () => {
    const texts = [
      '2026-11-22T10:00:00Z',
      '2026-11-22t10:00:00.123z',
      '2026-11-22T10:00:00+01:00',
      '2028-02-29T23:59:59Z',
    ];
    expect(texts.filter(isDateTime)).to.deep.equal(texts);
  });

  it('is nothing else', () => {
    const texts = [
      ...['', 'now', '2026-11-22', '2026-11-22T10:00:00', '2026-11-22 10:00:00Z', '20261122T100000Z'],
      ...['Sun, 22 Nov 2026 10:00:00 GMT', '2026-13-01T00:00:00Z', '2026-02-30T00:00:00Z', '2026-11-22T24:00:00Z'],
    ];
    expect(texts.filter(isDateTime)).to.deep.equal([]);
  });
});
