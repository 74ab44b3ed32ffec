import { expect } from 'chai';
import { answeredLabels } from '../../../lib/sip-engine/message/answered.js';

describe('An answered request as labels of a count', () => {
  const rows: readonly (readonly [method: string | undefined, status: number, method: string, status: string])[] = [
    ['MESSAGE', 200, 'MESSAGE', '200'],
    ['INVITE', 486, 'INVITE', '486'],
    ['INVITE', 606, 'INVITE', '606'],
    // A peer chooses among our words, and adds none.
    ['FLOOD17', 200, 'other', '200'],
    ['message', 200, 'other', '200'],
    [undefined, 200, 'other', '200'],
    ['MESSAGE', 299, 'MESSAGE', '200'],
    ['MESSAGE', 499, 'MESSAGE', '400'],
    ['MESSAGE', 699, 'MESSAGE', '600'],
  ];
  for (const [method, status, ...labels] of rows)
    it(`${method ?? 'none'} ${status} counts as ${labels.join(' ')}`, () =>
      expect(answeredLabels('inbound', method, status)).to.deep.equal({
        direction: 'inbound',
        method: labels[0],
        status: labels[1],
      }));

  it('tells directions apart', () =>
    expect(answeredLabels('outbound', 'BYE', 200)).to.include({ direction: 'outbound' }));
});
