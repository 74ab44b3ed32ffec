import { expect } from 'chai';
import { defaultRevokeVocabulary, printRevoke, revokeContentType } from '../../../lib/wire/rcs/revoke.js';
import { bot, contact, Dialogue, user } from '../dialogue.js';

const aLongTimeMs = 3_600_000;

describe('a message that is sent, and that its bot takes back', () => {
  let dialogue: Dialogue;
  let messageId: string;
  beforeEach(async () => {
    dialogue = await Dialogue.begin({ bot: { mode: 'standalone' } });
    messageId = await dialogue.send({ text: 'hello' });
    dialogue.network.messages.length = 0;
  });
  afterEach(() => dialogue.end());

  const revoke = async (named: { messageId: string; sessionId?: string } = { messageId }): Promise<string> => {
    const result = await dialogue.interpreter.botRequests.putStatus(bot, contact, named, 'RevokeRequested');
    await dialogue.clock.advance(0);
    return result;
  };
  const answer = async (result: 'success' | 'failed', from = user): Promise<void> => {
    const document = { kind: 'answer', messageId, result, from: contact, to: bot.uri } as const;
    const content = printRevoke(document, defaultRevokeVocabulary).toString();
    await dialogue.network.message({ botUri: bot.uri, user: from, contentType: revokeContentType, content });
    await dialogue.clock.advance(0);
  };
  const shown = () => dialogue.interpreter.botRequests.status(bot, contact, { messageId });

  it('is asked of the network once, though it is said again', async () => {
    expect([await revoke(), await revoke(), dialogue.network.messages.length]).to.deep.equal([
      'accepted',
      'accepted',
      1,
    ]);
    await answer('success');
    expect([await shown(), await dialogue.statuses()]).to.deep.equal([{ status: 'Revoked' }, ['Revoked']]);
  });

  it('is RevokeFailed with the words of who refuses it', async () => {
    dialogue.network.messageAnswers.push({ status: 403 });
    await revoke();
    expect(await shown()).to.deep.equal({ status: 'RevokeFailed', description: 'SIP 403 scripted' });
  });

  it('is Revoked after all where the network says so behind the deadline, and not twice', async () => {
    await revoke();
    await dialogue.clock.advance(aLongTimeMs);
    expect(await shown()).to.include({ status: 'RevokeFailed' });
    await answer('failed', { key: 'tel:+15550100009', uri: 'tel:+15550100009' });
    await answer('success', { key: 'tel:+15550100009', uri: 'tel:+15550100009' });
    expect(await dialogue.statuses()).to.deep.equal(['RevokeFailed']);
    await answer('success');
    await answer('success');
    expect(await dialogue.statuses()).to.deep.equal(['RevokeFailed', 'Revoked']);
  });

  it('is unknown where there is none, or none of that session', async () => {
    expect(await revoke({ messageId: 'another' })).to.equal('unknown');
    expect(await revoke({ messageId, sessionId: '00000000-0000-4000-8000-000000000000' })).to.equal('unknown');
    expect([...dialogue.network.messages, ...(await dialogue.statuses())]).to.deep.equal([]);
  });
});
