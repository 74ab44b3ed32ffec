/** The page for people: the API document, and swagger-ui over it; everything from this machine. */
import { type Response, Router } from 'express';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { securityHeaders } from '../http/answer.js';
import { openApiDocument } from './openapi.js';
import type { Route } from '../route.js';

const uiFolder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const uiFiles = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>maap-iwf: the chatbot API</title>
<link rel="stylesheet" href="swagger-ui.css">
<link rel="icon" href="favicon-32x32.png">
</head>
<body>
<div id="ui"></div>
<noscript>
<h1>maap-iwf: the chatbot API</h1>
<p>Every resource with its bodies and errors, and a first message in three steps, is described in
<a href="../openapi.json">openapi.json</a>; with JavaScript this page shows it and lets you try it.</p>
</noscript>
<script src="swagger-ui-bundle.js"></script>
<script src="start.js"></script>
</body>
</html>
`;

const start = `SwaggerUIBundle({ url: '../openapi.json', dom_id: '#ui', deepLinking: true, validatorUrl: null, tryItOutEnabled: true });
`;

// swagger-ui sets style attributes and has its icons as data: URLs.
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

export function docsRouter(routes: readonly Route[]): Router {
  const router = Router({ strict: true });
  // Octets: made once, and shared by all who read them slowly.
  let document: Buffer | undefined;
  const documentBytes = (): Buffer => (document ??= Buffer.from(JSON.stringify(openApiDocument(routes), undefined, 2)));
  router.get('/', (_request, response) => redirect(response, 'docs/'));
  router.get('/docs', (_request, response) => redirect(response, 'docs/'));
  router.get('/docs/', (_request, response) => send(response, 'text/html', page));
  router.get('/docs/start.js', (_request, response) => send(response, 'text/javascript', start));
  router.get('/openapi.json', (_request, response) => send(response, 'application/json', documentBytes()));
  for (const file of uiFiles) {
    router.get(`/docs/${file}`, (_request, response) => {
      response.set('X-Content-Type-Options', 'nosniff').sendFile(join(uiFolder, file), { maxAge: '1d' });
    });
  }
  return router;
}

function redirect(response: Response, location: string): void {
  response.writeHead(302, { ...securityHeaders, Location: location, 'Content-Length': 0 }).end();
}

function send(response: Response, type: string, text: string | Buffer): void {
  const headers = { ...securityHeaders, 'Content-Security-Policy': pagePolicy, 'Cache-Control': 'no-cache' };
  response.writeHead(200, {
    ...headers,
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}
