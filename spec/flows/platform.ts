/** The platform's side of the golden conversations: requests as their files say, and a server for callbacks. */
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Line } from './line.js';

export class FlowPlatform {
  private readonly server: Server;
  private readonly lines: Line[] = [];

  constructor() {
    this.server = createServer((callback, response) => {
      textOf(callback).then(
        (text) => {
          this.lines.find(({ digits }) => text.includes(digits))?.put('callback', { text: checked(callback, text) });
          response.writeHead(204).end();
        },
        () => response.destroy(),
      );
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  add(line: Line): void {
    this.lines.push(line);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** The id in the header is the one in the body, or the header stands beside it for all to see. */
function checked({ headers }: IncomingMessage, text: string): string {
  const id = String(headers['webhook-id']);
  return text.includes(`"notificationId":"${id}"`) ? text : `${text} — webhook-id: ${id}`;
}

/** A file `rest-request`, filled: request line, headers, empty line, body. Resolves with the answer in the same form, all headers in. */
export function ask(text: string, restPort: number): Promise<string> {
  const [head, body] = cut(text);
  const [requestLine = '', ...lines] = head.split('\n');
  const [method = '', path = ''] = requestLine.split(' ');
  const headers = lines.map((line): [string, string] => [nameOf(line), line.slice(line.indexOf(':') + 1).trim()]);
  const bytes = Buffer.from(body, 'latin1');
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: restPort, method, path, headers: Object.fromEntries(headers) },
      (answer) => {
        textOf(answer).then((said) => resolve(answerText(answer, said)), reject);
      },
    );
    asked.on('error', reject);
    asked.end(bytes);
  });
}

/** Of an answer, the headers that the file names in its order, so that the two can be compared. */
export function namedAlone(template: string, said: string): string {
  const [wanted] = cut(template);
  const [head, body] = cut(said);
  const [statusLine = '', ...lines] = head.split('\n');
  const names = wanted
    .split('\n')
    .slice(1)
    .map((line) => nameOf(line).toLowerCase());
  const named = names.flatMap((name) => lines.filter((line) => nameOf(line).toLowerCase() === name));
  return [statusLine, ...named].join('\n') + (body === '' ? '' : `\n\n${body}`);
}

function answerText({ statusCode, statusMessage, rawHeaders }: IncomingMessage, body: string): string {
  const lines = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1] ?? ''}`] : []));
  return `${[`HTTP/1.1 ${statusCode ?? 0} ${statusMessage ?? ''}`, ...lines].join('\n')}\n\n${body}`;
}

function cut(text: string): readonly [head: string, body: string] {
  const blank = text.indexOf('\n\n');
  return blank < 0 ? [text, ''] : [text.slice(0, blank), text.slice(blank + 2)];
}

function nameOf(line: string): string {
  return line.slice(0, Math.max(line.indexOf(':'), 0));
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}
