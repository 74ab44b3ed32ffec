/** Privacy management: a user's command about his alias, and the answer in a MESSAGE of its own (RCS; words are configuration). */
import { DecodeError } from '../decode-error.js';
import { parseXml, printXml, type XmlDraft } from '../xml.js';
import { elementName, namedValues, sameWord, valueNamed } from './names.js';

export const privacyContentType = 'application/vnd.gsma.rcsalias-mgmt+xml';

export interface PrivacyCommand {
  readonly kind: 'command';
  readonly commandId: string;
  /** fetchsettings, aliason, aliasoff, aliaslink as the vocabulary spells them; anything else verbatim. */
  readonly action: string;
}

export interface PrivacyAnswer {
  readonly kind: 'answer';
  readonly commandId: string;
  readonly result: 'success' | 'failed';
  /** Whether the alias is in use: the answer to fetchsettings. */
  readonly setting?: 'on' | 'off';
  /** The token, where one was given. */
  readonly alias?: string;
}

export type Privacy = PrivacyCommand | PrivacyAnswer;

/** The words of an answer are known from no public specification: the defaults are beliefs, to be replaced by configuration. */
export interface PrivacyVocabulary {
  readonly namespace: string;
  readonly root: string;
  readonly commandId: string;
  readonly action: string;
  readonly result: string;
  /** Any of these, in any case, is success, everything else failed; the first is printed. */
  readonly success: readonly [string, ...string[]];
  readonly failed: string;
  readonly setting: string;
  readonly on: string;
  readonly off: string;
  readonly alias: string;
}

export const defaultPrivacyVocabulary: PrivacyVocabulary = {
  namespace: 'urn:gsma:params:xml:ns:rcs:rcs:aliasmgmt',
  root: 'AM',
  commandId: 'Command-ID',
  action: 'action',
  result: 'result',
  success: ['success', 'ok'],
  failed: 'failed',
  setting: 'setting',
  on: 'aliason',
  off: 'aliasoff',
  alias: 'alias',
};

/** Actions that are known [seen]; others pass verbatim. */
export const privacyActions = ['fetchsettings', 'aliason', 'aliasoff', 'aliaslink'] as const;

const codec = 'privacy';

/** Throws DecodeError (no XML, another root, no Command-ID, neither action nor result). */
export function parsePrivacy(
  input: string | Buffer,
  vocabulary: PrivacyVocabulary = defaultPrivacyVocabulary,
): Privacy {
  const root = parseXml(input, { codec, unboundPrefixes: 'tolerate' });
  if (!sameWord(root.local, vocabulary.root)) throw new DecodeError(codec, 'root', 'not an alias management document');
  if (root.ns !== vocabulary.namespace && root.ns !== '') throw new DecodeError(codec, 'root', 'another namespace');
  const values = namedValues(root);
  const commandId = valueNamed(values, vocabulary.commandId, codec);
  if (commandId === undefined) throw new DecodeError(codec, vocabulary.commandId, 'missing');
  const result = valueNamed(values, vocabulary.result, codec);
  if (result !== undefined) {
    const about = { commandId, result: successful(result, vocabulary) };
    return {
      kind: 'answer',
      ...about,
      ...details(valueNamed(values, vocabulary.setting, codec), vocabulary),
      ...aliasOf(valueNamed(values, vocabulary.alias, codec)),
    };
  }
  const action = valueNamed(values, vocabulary.action, codec);
  if (action === undefined) throw new DecodeError(codec, vocabulary.action, 'missing');
  return { kind: 'command', commandId, action: privacyActions.find((known) => sameWord(known, action)) ?? action };
}

/** Throws DecodeError where the vocabulary names what cannot be an element. */
export function printPrivacy(privacy: Privacy, vocabulary: PrivacyVocabulary = defaultPrivacyVocabulary): Buffer {
  const child = (name: string, text: string): XmlDraft => ({ name: elementName(name, codec), text });
  const children = [child(vocabulary.commandId, privacy.commandId)];
  if (privacy.kind === 'command') {
    children.push(child(vocabulary.action, privacy.action));
  } else {
    children.push(child(vocabulary.result, privacy.result === 'success' ? vocabulary.success[0] : vocabulary.failed));
    if (privacy.setting !== undefined) children.push(child(vocabulary.setting, vocabulary[privacy.setting]));
    if (privacy.alias !== undefined) children.push(child(vocabulary.alias, privacy.alias));
  }
  return printXml({
    name: elementName(vocabulary.root, codec),
    attributes: [['xmlns', vocabulary.namespace]],
    children,
  });
}

function successful(result: string, vocabulary: PrivacyVocabulary): 'success' | 'failed' {
  return vocabulary.success.some((word) => sameWord(word, result)) ? 'success' : 'failed';
}

function details(setting: string | undefined, vocabulary: PrivacyVocabulary): { setting?: 'on' | 'off' } {
  if (setting === undefined) return {};
  if (sameWord(setting, vocabulary.on)) return { setting: 'on' };
  return sameWord(setting, vocabulary.off) ? { setting: 'off' } : {};
}

function aliasOf(alias: string | undefined): { alias?: string } {
  return alias === undefined ? {} : { alias };
}
