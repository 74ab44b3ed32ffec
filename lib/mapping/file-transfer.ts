/** fileTransfer ↔ the document of a file by URL (application/vnd.gsma.rcs-ft-http+xml). */
import { dispositions, type FileTransfer, type TransferredFile } from '../resources/file-transfer.js';
import { DecodeError } from '../wire/decode-error.js';
import {
  type FileInfo,
  fileTransferHttpContentType,
  parseFileTransferHttp,
  printFileTransferHttp,
} from '../wire/rcs/file-transfer-http.js';
import { essence } from '../wire/media-type.js';

export function isFileDocument(contentType: string): boolean {
  return essence(contentType) === fileTransferHttpContentType;
}

/** The document; its thumbnail comes first, as RCS phones send it. */
export function printFileTransfer({ file, thumbnail }: FileTransfer): Buffer {
  const files = [...(thumbnail === undefined ? [] : [fileInfo('thumbnail', thumbnail)]), fileInfo('file', file)];
  return printFileTransferHttp({ files });
}

/**
 * What a user's document says; undefined where it cannot be read, or says more than one file with its thumbnail: the
 * document itself says it then.
 */
export function readFileTransfer(document: Buffer): FileTransfer | undefined {
  const files = filesOf(document);
  const [file, ...otherFiles] = files.filter(({ type }) => type === 'file');
  const [thumbnail, ...otherThumbnails] = files.filter(({ type }) => type === 'thumbnail');
  if (file === undefined || otherFiles.length > 0 || otherThumbnails.length > 0) return undefined;
  return { file: transferred(file), ...(thumbnail === undefined ? {} : { thumbnail: transferred(thumbnail) }) };
}

function filesOf(document: Buffer): readonly FileInfo[] {
  try {
    return parseFileTransferHttp(document).files;
  } catch (error) {
    if (error instanceof DecodeError) return [];
    throw error;
  }
}

function fileInfo(type: FileInfo['type'], { playingLength, ...file }: TransferredFile): FileInfo {
  return { ...file, type, ...(playingLength === undefined ? {} : { playingLengthMs: playingLength }) };
}

function transferred({ type, playingLengthMs, disposition, ...file }: FileInfo): TransferredFile {
  // A disposition that we do not know is left to who reads the document (RFC 2183 §2.8).
  const known = dispositions.find((one) => one === disposition?.toLowerCase());
  return {
    ...file,
    ...(known === undefined ? {} : { disposition: known }),
    ...(playingLengthMs === undefined ? {} : { playingLength: playingLengthMs }),
  };
}
