import { expect } from 'chai';
import { judgeMessage } from '../../lib/mapping/bot-json.js';
import type { ChatMessage } from '../../lib/resources/chat-message.js';

const card = 'application/vnd.gsma.botmessage.v1.0+json';
const chips = 'application/vnd.gsma.botsuggestion.v1.0+json';
const good = '{"message":{"generalPurposeCard":{"layout":{"cardOrientation":"VERTICAL"},"content":{"title":"Hi"}}}}';
const bad = '{"suggestions":[]}';
const tooFew = 'must NOT have fewer than 1 items';

const multipart = (...parts: readonly (readonly [head: string, content: string])[]): ChatMessage => ({
  contentType: 'multipart/mixed; boundary="next"',
  bodyText: `${parts.map(([head, content]) => `--next\r\n${head}\r\n\r\n${content}\r\n`).join('')}--next--\r\n`,
});

describe('bot JSON of a message', () => {
  it('is judged whatever way it is written', () => {
    expect(judgeMessage({ contentType: card, bodyText: good })).to.equal(undefined);
    const finding = { part: 'suggestions', problem: tooFew };
    expect(judgeMessage({ contentType: chips, bodyText: bad })).to.deep.equal(finding);
    const contentType = 'Application/vnd.GSMA.botsuggestion.v1.0+json; charset=utf-8';
    const bodyText = Buffer.from(bad).toString('base64');
    expect(judgeMessage({ contentType, contentEncoding: 'base64', bodyText })).to.deep.equal(finding);
  });

  it('is judged in every part', () => {
    const text = ['Content-Type: text/plain', '{"suggestions":[]}'] as const;
    expect(judgeMessage(multipart(text, [`Content-Type: ${card}`, good]))).to.equal(undefined);
    expect(
      judgeMessage(multipart([`Content-Type: ${card}`, good], text, [`Content-Type: ${chips}`, bad])),
    ).to.deep.equal({ part: 'suggestions', problem: `${tooFew}, in part 3` });
    const head = `Content-Type: ${chips}\r\nContent-Transfer-Encoding: base64`;
    expect(judgeMessage(multipart([head, Buffer.from(bad).toString('base64')]))).to.have.property(
      'part',
      'suggestions',
    );
    expect(judgeMessage(multipart([head, '*']))).to.have.property('part', 'JSON');
  });

  it('cannot be judged where the parts cannot be told', () => {
    const contentType = 'multipart/mixed; boundary=next';
    expect(judgeMessage({ contentType, bodyText: 'no parts' })).to.have.property('part', 'bodyText');
    expect(judgeMessage({ contentType: 'multipart/mixed', bodyText: 'x' })).to.have.property('part', 'bodyText');
  });

  it('no other content is looked into', () => {
    const messages: readonly ChatMessage[] = [
      { text: bad },
      { contentType: 'application/json', bodyText: '{' },
      { contentType: 'application/vnd.gsma.botmessage.v2.0+json', bodyText: '{' },
      { fileTransfer: { file: { url: 'https://x/', size: 1, contentType: 'a/b' } } },
    ];
    for (const message of messages) expect(judgeMessage(message)).to.equal(undefined);
  });
});
