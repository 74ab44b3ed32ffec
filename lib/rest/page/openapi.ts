/** The API as an OpenAPI 3.1 document, made from the routes and the schemas that serve it. */
import { resourceRoots } from '../../resources/roots.js';
import { allScopes } from '../access/scopes.js';
import { bodySchema } from '../../resources/forms/schema.js';
import type { BodyDoc, Route, RouteDoc } from '../route.js';

const introduction = `A chatbot platform talks with RCS users through this gateway: OMA RESTful Network APIs for Chat and Capability Discovery, over the operators’ SIP and MSRP. What no standard says is marked *ours*.

**In a minute**

1. Press *Authorize* and paste your platform’s key; with curl: \`-H 'Authorization: Bearer KEY'\`.
2. Say where you want to be told of messages:
\`\`\`
curl -H 'Authorization: Bearer KEY' -H 'Content-Type: application/json' \\
  -d '{"chatNotificationSubscription":{"callbackReference":{"notifyURL":"https://you.example/notify"}}}' \\
  {server}/chat/v1/acr:auth/subscriptions
\`\`\`
3. Send:
\`\`\`
curl -H 'Authorization: Bearer KEY' -H 'Content-Type: application/json' \\
  -d '{"chatMessage":{"text":"hello","reportRequest":["Delivered","Displayed"]}}' \\
  {server}/chat/v1/acr:auth/oneToOne/tel%3A%2B15550100001/adhoc/messages
\`\`\`

\`userId\` is your chatbot’s SIP URI, percent-encoded; \`acr:auth\` names it where your key has exactly one. Give every create a \`clientCorrelator\` (or the header \`Idempotency-Key\`): a repeat then gets the first answer again, and nothing is sent twice. A member that is \`null\` counts as not set (lists apart). Errors are \`requestError\` bodies that name the part at fault. What callbacks hold stands under *Schemas*: \`chatMessageNotificationBody\`, \`chatMessageStatusNotificationBody\` and their kin.

Every body also has an XML form: the root element in the namespace \`urn:oma:xml:rest:netapi:<api>:1\` (\`common\` for requestError and resourceReference), members unqualified, lists as repeated elements, a link’s rel and href as attributes.`;

const scopeDescriptions = Object.fromEntries(allScopes.map((scope) => [scope, 'One API as a whole.']));

const error = { $ref: '#/components/responses/error' };

export function openApiDocument(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, path, doc } of routes) {
    if (doc === undefined) continue;
    (paths[path] ??= {})[method.toLowerCase()] = operation(path, doc);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'maap-iwf: the chatbot API', version: '1', description: introduction },
    servers: [{ url: './' }],
    security: [{ key: [] }, { token: [] }],
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'The platform’s key, or a token.' },
        token: {
          type: 'oauth2',
          flows: { clientCredentials: { tokenUrl: 'oauth2/token', scopes: scopeDescriptions } },
        },
      },
      responses: { error: { description: 'A requestError that names what is wrong.', content: json('requestError') } },
      schemas: bodySchemas(),
    },
  };
}

function operation(path: string, doc: RouteDoc): object {
  return {
    tags: [doc.tag],
    summary: doc.summary,
    ...(doc.description === undefined ? {} : { description: doc.description }),
    parameters: [...pathParameters(path), ...queryParameters(doc.query ?? {})],
    ...(doc.request === undefined ? {} : { requestBody: requestBodyOf(doc.request) }),
    responses: { ...answers(doc), default: error },
  };
}

function answers(doc: RouteDoc): object {
  return Object.fromEntries(
    Object.entries(doc.answers).map(([status, { description, root, body }]) => [
      status,
      {
        description: description === '' ? 'As asked.' : description,
        ...(root === undefined ? {} : { content: json(root) }),
        ...(body === undefined ? {} : { content: contentOf(body) }),
      },
    ]),
  );
}

function requestBodyOf(request: NonNullable<RouteDoc['request']>): object {
  if ('schema' in request) return { required: request.optional !== true, content: contentOf(request) };
  return { required: true, content: json(...request) };
}

/** The schema is that of the JSON form. */
function contentOf({ schema, types }: BodyDoc): object {
  return Object.fromEntries(types.map((type) => [type, type === 'application/json' ? { schema } : {}]));
}

const variables: Readonly<Record<string, readonly [description: string, example: string]>> = {
  userId: ['The chatbot’s SIP URI, or `acr:auth`.', 'acr:auth'],
  otherUserId: ['The user’s tel: or sip: URI.', 'tel:+15550100001'],
  contactId: ['The user’s tel: or sip: URI.', 'tel:+15550100001'],
};

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => {
    const [description, example] = variables[name] ?? ['', undefined];
    const shown = example === undefined ? {} : { description, example };
    return { name, in: 'path', required: true, schema: { type: 'string' }, ...shown };
  });
}

function queryParameters(query: Readonly<Record<string, string>>): object[] {
  return Object.entries(query).map(([name, description]) => ({
    ...{ name, in: 'query', description, allowEmptyValue: true },
    schema: { type: 'string' },
  }));
}

function json(...roots: readonly string[]): object {
  const schemas = roots.map((root) => ({ $ref: `#/components/schemas/${root}Body` }));
  const schema = schemas.length === 1 ? schemas[0] : { oneOf: schemas };
  return { 'application/json': { schema }, 'application/xml': {} };
}

/** `{root: {…}}` for every root element. */
function bodySchemas(): Readonly<Record<string, object>> {
  const bodies = Object.entries(resourceRoots).map(([root, { schema }]): [string, object] => [
    `${root}Body`,
    bodySchema(root, schema),
  ]);
  return Object.fromEntries(bodies);
}
