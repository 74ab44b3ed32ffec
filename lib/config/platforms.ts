/** Keys of the platforms: who they are, which chatbots are theirs, what they may do and take up. */
import { choice, flag, integer, list, object, secret, text } from './form.js';

export const sha256 = secret(text('64 hexadecimal digits (a SHA-256)', '^[0-9a-fA-F]{64}$', 64));
export const httpRoot = text('an http or https URL without query, fragment or credentials', '^https?://[^\\s?#@]+$');
const botUri = text('a SIP URI sip:user@host', '^[sS][iI][pP][sS]?:[^\\s@<>"]+@[^\\s@<>"]+$', 255);
const domain = text('a domain name, or *. and one', '^(\\*\\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$', 255);
export const path = text('a file name', undefined, 4096);
const number = integer(1, 100_000_000);

/** What one platform may take up; the same keys stand as defaults for all and in each platform. */
export const limitForms = {
  subscriptionsPerBot: number,
  subscriptionsPerPlatform: number,
  channelsPerPlatform: number,
  sessionsPerBot: number,
  sessionsPerUser: number,
  laneLength: number,
  queuedPerBot: number,
  contactsPerHour: number,
  chatbotsPerRoot: number,
};
/** Absent: as many as come. */
export const rateForms = { requestsPerS: number, messagesPerS: number };

const traits = {
  version: text('one or more of #=N', '^#=[0-9]+(,#=[0-9]+)*$', 64),
  roles: list(choice('session', 'standalone'), { minItems: 1, maxItems: 2 }),
  mode: choice('auto', 'session', 'standalone'),
};
const chatbot = object({ uri: botUri }, { name: text('a name', '^[^\\r\\n"]+$', 200), ...traits });

export const platform = object(
  { id: text('letters, digits and . _ -', '^[A-Za-z0-9._-]+$', 64) },
  {
    keys: list(sha256, { maxItems: 16 }),
    jwt: object(
      { issuer: text('the issuer (iss)'), jwksUrl: text('an http or https URL', '^https?://\\S+$') },
      { audience: text('the audience (aud)'), subject: text('the subject (sub)'), requireScopes: flag },
    ),
    clientSecrets: list(sha256, { maxItems: 16 }),
    clientCertificates: list(sha256, { maxItems: 16 }),
    chatbots: list(chatbot, { maxItems: 100_000 }),
    domains: list(domain),
    botDefaults: object({}, traits),
    chatbotOnly: flag,
    notify: object(
      {},
      {
        allow: list(text('host, host:port, *.domain or a CIDR block', '^[A-Za-z0-9.:*/\\[\\]_-]+$', 255)),
        secrets: list(secret(text('a secret as whsec_<base64>', '^(whsec_)?[A-Za-z0-9+/]{32,}={0,2}$')), {
          maxItems: 4,
        }),
        verify: flag,
        bearer: secret(text('a token (RFC 6750 §2.1)', '^[A-Za-z0-9._~+/-]+=*$')),
        tls: object({}, { ca: path, cert: path, key: path }),
      },
    ),
    limits: object({}, { ...limitForms, ...rateForms }),
    serverRoot: httpRoot,
    botJson: choice('off', 'warn', 'reject'),
    trafficTypes: list(text('a token as advertisement', '^[!-~]+$', 64), { maxItems: 64 }),
    suspended: flag,
    trustedWithNumbers: flag,
    sendDelivered: flag,
  },
);
