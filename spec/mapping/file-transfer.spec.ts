import { expect } from 'chai';
import fc from 'fast-check';
import { readFileTransfer } from '../../lib/mapping/file-transfer.js';
import { mapInboundMessage } from '../../lib/mapping/message-inbound.js';
import { mapOutboundMessage } from '../../lib/mapping/message-outbound.js';
import { type ChatMessage, parseChatMessage, printChatMessage } from '../../lib/resources/chat-message.js';
import type { FileTransfer } from '../../lib/resources/file-transfer.js';
import { parseXml, printXml } from '../../lib/resources/forms/xml-form.js';
import { cpimContentType, parseCpim, printCpim } from '../../lib/wire/cpim.js';
import { fileTransferHttpContentType } from '../../lib/wire/rcs/file-transfer-http.js';
import { fixtures } from '../wire/fixtures.js';

const folder = 'rcs/file-transfer-http';
const envelope = { messageId: 'm-1', dateTime: '2026-11-22T10:00:00Z' };
const until = '2026-11-29T10:00:00Z';
const thumbnail = { url: 'https://ft.example.com/t', size: 2048, contentType: 'image/png', until };
const file = {
  url: 'https://ft.example.com/f?id=1&k=2',
  size: 1_024_000,
  contentType: 'image/jpeg',
  name: 'DSCN0001.jpg',
  until,
};

/** To the network and back. */
function carried(message: ChatMessage): ChatMessage {
  const cpim = parseCpim(printCpim(mapOutboundMessage(message, envelope)));
  return mapInboundMessage(cpim, {}).message;
}

describe('files by URL in members', () => {
  it('go out as the document, the thumbnail first', () => {
    const cpim = mapOutboundMessage({ fileTransfer: { file, thumbnail } }, envelope);
    expect(cpimContentType(cpim)).to.equal(fileTransferHttpContentType);
    expect(cpim.content.toString()).to.equal(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<file xmlns="urn:gsma:params:xml:ns:rcs:rcs:fthttp"><file-info type="thumbnail"><file-size>2048</file-size>' +
        `<content-type>image/png</content-type><data url="https://ft.example.com/t" until="${until}"/></file-info>` +
        '<file-info type="file"><file-size>1024000</file-size><file-name>DSCN0001.jpg</file-name>' +
        `<content-type>image/jpeg</content-type><data url="https://ft.example.com/f?id=1&amp;k=2" until="${until}"/>` +
        '</file-info></file>',
    );
  });

  for (const [name, bytes] of fixtures(`${folder}/tolerated`)) {
    it(`are read of ${name}`, () => {
      const audio = name === 'unbound-prefix.xml' ? { playingLength: 12_500 } : {};
      expect(readFileTransfer(bytes)).to.deep.equal({ thumbnail, file: { ...file, ...audio } });
    });
  }

  for (const [name, bytes] of fixtures(`${folder}/canonical`)) {
    it(`of ${name} make the same document again, but for its order`, () => {
      const fileTransfer = readFileTransfer(bytes);
      if (!fileTransfer) throw new Error('not read');
      expect(carried({ fileTransfer }).fileTransfer).to.deep.equal(fileTransfer);
    });
  }

  for (const [name, bytes] of fixtures(`${folder}/invalid`)) {
    it(`are left out where ${name} cannot be read, and its content stays`, () => {
      const bodyText = bytes.toString();
      const message = carried({ contentType: fileTransferHttpContentType, bodyText });
      expect(message).to.deep.equal({ contentType: fileTransferHttpContentType, contentEncoding: 'utf8', bodyText });
    });
  }

  it('are left out where the document says more than they can', () => {
    const info = (type: string) =>
      `<file-info type="${type}"><file-size>1</file-size><content-type>a/b</content-type><data url="https://x/"/></file-info>`;
    const read = (...types: string[]) => readFileTransfer(Buffer.from(`<file>${types.map(info).join('')}</file>`));
    expect(read('file', 'file')).to.equal(undefined);
    expect(read('thumbnail', 'file', 'thumbnail')).to.equal(undefined);
    expect(read('file')).to.deep.equal({ file: { url: 'https://x/', size: 1, contentType: 'a/b' } });
  });

  it('know a disposition in any case, and leave an unknown one to the document', () => {
    const read = (disposition: string) =>
      readFileTransfer(
        Buffer.from(
          `<file><file-info file-disposition="${disposition}"><file-size>1</file-size><content-type>a/b</content-type><data url="https://x/"/></file-info></file>`,
        ),
      )?.file.disposition;
    expect([read('RENDER'), read('attachment'), read('hidden')]).to.deep.equal(['render', 'attachment', undefined]);
  });

  const text = fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 12 }));
  const url = fc
    .tuple(fc.constantFrom('https', 'HTTP'), fc.domain(), text, text, text)
    .map(([scheme, host, path, query, fragment]) => {
      const [p, q, f] = [path, query, fragment].map(encodeURIComponent);
      return `${scheme}://${host}/${p}?${q}&a=b#${f}`;
    });
  const transferred = fc.record(
    {
      url,
      size: fc.nat({ max: 999_999_999_999_999 }),
      contentType: fc.constantFrom('image/jpeg', 'text/plain;charset=utf-8', 'application/x-a+b'),
      name: text,
      until: fc.constantFrom(until, '2026-11-29T10:00:00.123+05:30'),
      disposition: fc.constantFrom('attachment' as const, 'render' as const),
      brandedUrl: url,
      hash: text,
      playingLength: fc.nat(),
    },
    { requiredKeys: ['url', 'size', 'contentType'] },
  );
  const transfers: fc.Arbitrary<FileTransfer> = fc
    .record({ file: transferred, thumbnail: transferred }, { requiredKeys: ['file'] })
    .filter((fileTransfer) => isTaken({ fileTransfer }));

  it('whatever a bot may post comes to the network and back without loss', () => {
    fc.assert(
      fc.property(transfers, (fileTransfer) => {
        expect(carried({ fileTransfer }).fileTransfer).to.deep.equal(fileTransfer);
      }),
    );
  });

  it('and through the XML form of the resource', () => {
    fc.assert(
      fc.property(transfers, (fileTransfer) => {
        const xml = printXml(printChatMessage({ fileTransfer }));
        expect(parseChatMessage(parseXml(xml))).to.deep.equal({ fileTransfer });
      }),
    );
  });
});

function isTaken(chatMessage: ChatMessage): boolean {
  try {
    parseChatMessage({ chatMessage });
    return true;
  } catch {
    return false;
  }
}
