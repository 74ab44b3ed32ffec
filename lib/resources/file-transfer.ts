/** fileTransfer: a file by URL said in members, for those who would rather not write or read its XML; ours. */
import { dateTimePattern, isDateTime } from './forms/date-time.js';
import { mediaType, type Schema } from './forms/schema.js';
import { invalid } from './forms/validator.js';

/** A file on a content server. */
export interface TransferredFile {
  readonly url: string;
  /** Bytes. */
  readonly size: number;
  readonly contentType: string;
  readonly name?: string;
  /** RFC 3339: how long the server keeps it. */
  readonly until?: string;
  readonly disposition?: 'attachment' | 'render';
  readonly brandedUrl?: string;
  readonly hash?: string;
  /** Milliseconds, of an audio message. */
  readonly playingLength?: number;
}

export interface FileTransfer {
  readonly file: TransferredFile;
  /** A small picture of it. */
  readonly thumbnail?: TransferredFile;
}

export const dispositions: readonly NonNullable<TransferredFile['disposition']>[] = ['attachment', 'render'];

/** As many digits as a double holds exactly. */
const maxNumber = 999_999_999_999_999;

const httpUrl: Schema = {
  type: 'string',
  maxLength: 4096,
  // RFC 3986: printable ASCII, without what ends an attribute or a name-addr.
  pattern: '^[hH][tT][tT][pP][sS]?://[!#-;=?-~]+$',
};

/** One line that XML carries as it stands: no blank at its ends, none of the characters of XML 1.0 §2.2. */
const oneXmlLine = '^(?!\\s)[^\\u0000-\\u001f\\u007f\\ufffe\\uffff]*(?<!\\s)$';

const transferredFile = (description: string): Schema => ({
  type: 'object',
  description,
  properties: {
    url: { ...httpUrl, description: 'Where it is fetched: http or https.' },
    size: { type: 'integer', minimum: 0, maximum: maxNumber, description: 'Bytes.' },
    contentType: { type: 'string', maxLength: 512, pattern: mediaType },
    name: { type: 'string', minLength: 1, maxLength: 255, pattern: oneXmlLine },
    until: {
      type: 'string',
      maxLength: 64,
      pattern: dateTimePattern,
      description: 'How long it can be fetched (RFC 3339).',
    },
    disposition: {
      type: 'string',
      enum: dispositions,
      description: 'render: shown or played in the conversation; attachment: to be opened from it.',
    },
    brandedUrl: { ...httpUrl, description: 'The same file under the operator’s or brand’s name.' },
    hash: { type: 'string', minLength: 1, maxLength: 256, pattern: oneXmlLine },
    playingLength: {
      type: 'integer',
      minimum: 0,
      maximum: maxNumber,
      description: 'Milliseconds, of an audio message.',
    },
  },
  required: ['url', 'size', 'contentType'],
});

export const fileTransferSchema: Schema = {
  type: 'object',
  description:
    'Ours: a file by URL, in place of text and bodyText. It goes out as application/vnd.gsma.rcs-ft-http+xml. ' +
    'Of a message from a user it stands beside that document, where it says all of it.',
  properties: {
    file: transferredFile('The file.'),
    thumbnail: transferredFile('A small picture of it.'),
  },
  required: ['file'],
};

/** What a pattern cannot see. Throws SVC0002; `part` is where the file transfer stands. */
export function checkFileTransfer({ file, thumbnail }: FileTransfer, part: string): void {
  checkFile(file, `${part}.file`);
  if (thumbnail !== undefined) checkFile(thumbnail, `${part}.thumbnail`);
}

function checkFile({ url, brandedUrl = url, until }: TransferredFile, part: string): void {
  if (!URL.canParse(url)) throw invalid(`${part}.url`, 'is not a URL');
  if (!URL.canParse(brandedUrl)) throw invalid(`${part}.brandedUrl`, 'is not a URL');
  if (until !== undefined && !isDateTime(until)) throw invalid(`${part}.until`, 'is no point in time');
}
