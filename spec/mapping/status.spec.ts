import { expect } from 'chai';
import { failureDescription, msrpOutcome, sipOutcome } from '../../lib/mapping/status.js';

describe('answers [IWF-1324]', () => {
  describe('of SIP, by exact code, else by class', () => {
    const rows: Readonly<Record<string, readonly number[]>> = {
      sent: [200, 202, 299],
      retry: [408, 480, 486, 487, 500, 502, 503, 504, 599, 600],
      'new-dialog': [481, 491],
      'raise-session-expires': [422],
      'capability-mismatch': [415, 488, 606],
      definite: [300, 302, 400, 401, 403, 404, 405, 410, 413, 420, 484, 499, 501, 505, 513, 580, 603, 604, 699],
    };
    for (const [kind, codes] of Object.entries(rows)) {
      for (const code of codes) it(`${code}: ${kind}`, () => expect(sipOutcome(code).kind).to.equal(kind));
    }
    it('500 at most three times for one message [IWF-1323]', () => {
      expect(sipOutcome(500)).to.deep.equal({ kind: 'retry', maxAttempts: 3 });
      expect(sipOutcome(503)).to.deep.equal({ kind: 'retry' });
    });
    it('481 and 491 after 2.1 to 4 seconds', () => {
      expect(sipOutcome(491)).to.deep.equal({ kind: 'new-dialog', afterMs: [2100, 4000] });
    });
    it('a status that is none is tried again', () => expect(sipOutcome(0).kind).to.equal('retry'));
  });

  describe('of MSRP', () => {
    const rows: Readonly<Record<string, readonly number[]>> = {
      sent: [200, 202],
      'new-dialog': [408, 481, 506],
      definite: [400, 401, 403, 404, 413, 415, 423, 424, 425, 428, 501, 999],
    };
    for (const [kind, codes] of Object.entries(rows)) {
      for (const code of codes) it(`${code}: ${kind}`, () => expect(msrpOutcome(code).kind).to.equal(kind));
    }
  });

  it('described by protocol, code and words', () => {
    expect(failureDescription('SIP', 486, 'Busy Here')).to.equal('SIP 486 Busy Here');
    expect(failureDescription('MSRP', 413)).to.equal('MSRP 413');
    expect(failureDescription('SIP', 603, ' a\r\nb\u0000 ')).to.equal('SIP 603 a b');
    expect(failureDescription('SIP', 603, 'x'.repeat(1000))).to.have.length(136);
  });
});
