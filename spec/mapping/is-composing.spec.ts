import { expect } from 'chai';
import {
  defaultRefreshS,
  mapInboundComposing,
  mapOutboundComposing,
  mapWrappedComposing,
} from '../../lib/mapping/is-composing.js';
import { classifyInbound } from '../../lib/mapping/message-inbound.js';
import { parseCpim, printCpim } from '../../lib/wire/cpim.js';
import { parseIsComposing } from '../../lib/wire/is-composing.js';

describe('typing [IWF-304]', () => {
  const state = {
    state: 'active',
    contentType: 'text/plain',
    lastActive: '2026-11-22T10:00:00Z',
    refresh: 60,
  } as const;

  it('lasts 120 seconds where nobody says otherwise (RFC 3994 §3.3)', () => expect(defaultRefreshS).to.equal(120));

  it('bare', () => {
    expect(mapInboundComposing(parseIsComposing(mapOutboundComposing(state)))).to.deep.equal(state);
  });

  it('wrapped, with nothing that a receipt could speak of', () => {
    const bytes = printCpim(mapWrappedComposing(state, { dateTime: '2026-11-22T10:00:01Z' }));
    expect(bytes.toString()).to.not.contain('imdn');
    expect(classifyInbound(parseCpim(bytes))).to.deep.equal({ kind: 'composing', composing: state });
  });
});
