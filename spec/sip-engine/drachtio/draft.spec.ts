import { expect } from 'chai';
import { parseCommand, type SendCommand } from '../../../lib/sip-engine/drachtio/command.js';
import { requestDraft } from '../../../lib/sip-engine/drachtio/draft.js';

function command(sip: string): SendCommand {
  const parsed = parseCommand(Buffer.from(`id|sip||\r\n${sip}\r\n\r\n`));
  if (parsed.kind !== 'send') throw new Error(parsed.kind);
  return parsed;
}

describe('From an application’s request to a draft', () => {
  for (const host of ['0.0.0.0', '::']) {
    it(`never names us ${host}: the engine knows the way`, () => {
      const listening = [{ protocol: 'udp', host, port: 5060 }] as const;
      const { headers } = requestDraft(command('OPTIONS sip:a SIP/2.0\r\nfrom: <sip:bot@localhost>'), listening);
      expect(headers).to.deep.include(['From', '<sip:bot@localhost>']);
      expect(requestDraft(command('OPTIONS sip:a SIP/2.0'), listening).headers).to.deep.include([
        'From',
        '<sip:localhost>',
      ]);
    });
  }
});
