/** How a user who wants privacy appears to a platform that is not trusted with numbers: by a token that stays the same. */
import { createHmac } from 'node:crypto';
import type { Config } from '../../config.js';
import type { ChatbotDirectory } from '../../iwf/actions.js';
import type { Disguise } from '../../sip/network.js';

/**
 * The token is of one user and one platform, so that two platforms cannot put together what each knows. It is no
 * cipher: who it stands for is what the gateway remembers of the conversation.
 */
export function disguiseOf({ platforms, sip }: Config, directory: ChatbotDirectory): Disguise {
  const untrusted = new Set(platforms.filter(({ trustedWithNumbers }) => !trustedWithNumbers).map(({ id }) => id));
  const key = Buffer.from(sip.privacyKey ?? '', 'hex');
  return (botUri, user, hidden) => {
    const platformId = untrusted.size > 0 ? directory.find(botUri)?.platformId : undefined;
    if (platformId === undefined || !untrusted.has(platformId) || !user.key.startsWith('tel:')) return user;
    const mac = createHmac('sha256', key).update(`${platformId}|${user.key}`).digest('hex');
    const token = `sip:u${mac.slice(0, 32)}@anonymous.invalid`;
    return hidden ? { key: token, uri: user.uri, otherKey: user.key } : { ...user, otherKey: token };
  };
}
