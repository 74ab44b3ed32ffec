import { expect } from 'chai';
import { parseChatMessage } from '../../lib/resources/chat-message.js';
import { refused } from './failure.js';

const file = { url: 'https://files.example/a', size: 5, contentType: 'image/png' };
const whole = {
  file: {
    ...file,
    name: 'Ä photo.png',
    until: '2026-11-29T10:00:00Z',
    disposition: 'render',
    brandedUrl: 'https://brand.example/a',
    hash: 'a94a8fe5',
    playingLength: 12_500,
  },
  thumbnail: { ...file, url: 'http://files.example:8080/t?k=1&l=2#x', size: 0 },
};

describe('resources/file-transfer', () => {
  it('reads a file with its thumbnail', () => {
    expect(parseChatMessage({ chatMessage: { fileTransfer: whole, reportRequest: ['Sent'] } })).to.deep.equal({
      fileTransfer: whole,
      reportRequest: ['Sent'],
    });
  });

  it('reads the dialect of quoted scalars', () => {
    const fileTransfer = { file: { ...file, size: '5', disposition: 'RENDER', playingLength: '7' } };
    expect(parseChatMessage({ chatMessage: { fileTransfer } }).fileTransfer?.file).to.deep.equal({
      ...file,
      disposition: 'render',
      playingLength: 7,
    });
  });

  it('takes its own content type, and ignores unknown members', () => {
    const contentType = 'application/vnd.gsma.rcs-ft-http+xml; charset=UTF-8';
    const read = parseChatMessage({ chatMessage: { contentType, fileTransfer: { file: { ...file, new: 1 }, x: 2 } } });
    expect(read).to.deep.equal({ contentType, fileTransfer: { file } });
  });

  const at = 'chatMessage.fileTransfer';
  const bad: [members: object, refusal: string][] = [
    [{ text: 'x', fileTransfer: whole }, `SVC0002 ${at}`],
    [{ bodyText: 'x', contentType: 'a/b', fileTransfer: whole }, `SVC0002 ${at}`],
    [{ contentType: 'text/plain', fileTransfer: whole }, 'SVC0002 chatMessage.contentType'],
    [{ contentEncoding: 'base64', fileTransfer: whole }, 'SVC0002 chatMessage.contentEncoding'],
    [{ fileTransfer: {} }, `SVC0002 ${at}.file`],
    [{ fileTransfer: [] }, `SVC0002 ${at}`],
    [{ fileTransfer: 'x' }, `SVC0002 ${at}`],
    [{ fileTransfer: { file: [file] } }, `SVC0002 ${at}.file`],
    [{ fileTransfer: { thumbnail: file } }, `SVC0002 ${at}.file`],
    [{ contentType: 'xapplication/vnd.gsma.rcs-ft-http+xml', fileTransfer: whole }, 'SVC0002 chatMessage.contentType'],
    [{ fileTransfer: { file, thumbnail: { ...file, url: 'https://:0x' } } }, `SVC0002 ${at}.thumbnail.url`],
    [{ fileTransfer: { file, thumbnail: { ...file, url: 'cid:1' } } }, `SVC0002 ${at}.thumbnail.url`],
    ...(
      [
        [{ url: undefined }, 'url'],
        [{ size: undefined }, 'size'],
        [{ contentType: undefined }, 'contentType'],
        [{ url: 'ftp://files.example/a' }, 'url'],
        [{ url: 'javascript:alert(1)' }, 'url'],
        [{ url: 'file:///etc/passwd' }, 'url'],
        [{ url: '//files.example/a' }, 'url'],
        [{ url: 'https://files.example/a b' }, 'url'],
        [{ url: 'https://files.example/"><x' }, 'url'],
        [{ url: 'https://files.example/a\r\nX: y' }, 'url'],
        [{ url: 'https://:0x' }, 'url'],
        [{ url: 5 }, 'url'],
        [{ brandedUrl: 'tel:+1' }, 'brandedUrl'],
        [{ brandedUrl: 'https://:0x' }, 'brandedUrl'],
        [{ size: -1 }, 'size'],
        [{ size: 1.5 }, 'size'],
        [{ size: '05' }, 'size'],
        [{ size: 1e15 }, 'size'],
        [{ size: true }, 'size'],
        [{ contentType: 'png' }, 'contentType'],
        [{ contentType: 'image/png\r\nX: y' }, 'contentType'],
        [{ name: '' }, 'name'],
        [{ name: ' a' }, 'name'],
        [{ name: 'a\u0000' }, 'name'],
        [{ name: 'a\uffff' }, 'name'],
        [{ until: 'tomorrow' }, 'until'],
        [{ until: '2026-13-45T10:00:00Z' }, 'until'],
        [{ until: '2026-02-30T00:00:00Z' }, 'until'],
        [{ until: '2026-02-29T00:00:00+01:00' }, 'until'],
        [{ until: '2026-04-31t00:00:00z' }, 'until'],
        [{ until: '2026-02-28T24:00:00Z' }, 'until'],
        [{ until: '2026-02-28T23:00:00+24:00' }, 'until'],
        [{ hash: 'a\n' }, 'hash'],
        [{ playingLength: -5 }, 'playingLength'],
      ] as const
    ).map(([members, part]): [object, string] => [
      { fileTransfer: { file: { ...file, ...members } } },
      `SVC0002 ${at}.file.${part}`,
    ]),
    [{ fileTransfer: { file: { ...file, disposition: 'inline' } } }, `SVC0003 ${at}.file.disposition`],
    [{ fileTransfer: { file: { ...file, name: 'a'.repeat(256) } } }, 'SVC0280 255'],
  ];
  for (const [members, expected] of bad) {
    it(`refuses ${JSON.stringify(members).slice(0, 110)}`, () => {
      expect(refused(() => parseChatMessage({ chatMessage: members }))).to.equal(expected);
    });
  }
});
