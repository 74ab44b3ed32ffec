/** Whatever a bot sends by mistake or on purpose is refused where it is wrong, and the bot goes on. */
import { expect } from 'chai';
import { Agent, request } from 'node:http';
import { dialects, doubled, json, maxBodyBytes, wrong, xml, xmlOf } from './bad-bodies.js';
import { discovery, resources } from '../platforms/body-resources.js';
import { contact, key, startWorld, type World } from '../world.js';

describe('bad input to the REST face, over real sockets [IWF-1622]', () => {
  let world: World;
  /** One connection for all of it. */
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  before(async () => (world = await startWorld({ config: { rest: { maxBodyBytes } } })));
  after(async () => {
    agent.destroy();
    await world.stop();
  });

  const ask = (method: string, path: string, { type, body }: { type: string; body: string | Buffer }) =>
    new Promise<{ readonly status: number; readonly variables: readonly string[] }>((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${key}`,
        'content-type': type,
        'content-length': Buffer.byteLength(body),
        accept: json,
      };
      const sent = request({ host: '127.0.0.1', port: world.ports.rest, agent, method, path, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: answer.statusCode ?? 0, variables: variablesOf(text) });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });

  for (const resource of resources) {
    it(`${resource.method} ${resource.path} as ${resource.root}`, async () => {
      for (const { what, type, body, expected } of wrong) {
        const answer = await ask(resource.method, resource.path, { type, body: body(resource) });
        const [status, id, part, problem] = expected(resource);
        const told = `${what} as ${type}: ${answer.status} ${answer.variables.join(' | ')}`;
        expect([answer.status, answer.variables[0]], told).to.deep.equal([status, id]);
        expect(answer.variables[1], told).to.match(part);
        expect(answer.variables[2] ?? '', told).to.match(problem);
      }
    });
  }

  for (const [root, path] of Object.entries(doubled)) {
    it(`${root}: an element twice is refused, whichever of the two is right`, async () => {
      const resource = resources.find((one) => one.root === root);
      if (!resource) throw new Error('no such resource');
      const name = path.split('.').at(-1) ?? '';
      const body = xmlOf(resource).replace(new RegExp(`<${name}>.*</${name}>`), '$&$&');
      const answer = await ask(resource.method, resource.path, { type: xml, body });
      expect(answer.status).to.equal(400);
      expect(answer.variables[1]).to.match(new RegExp(`^${root}\\..*${name}$`));
      expect(answer.variables[2]).to.equal('stands more than once');
    });
  }

  for (const [path, body, expected] of dialects) {
    it(`${JSON.stringify(body)}: ${expected}`, async () => {
      const answer = await ask('POST', path, { type: json, body: JSON.stringify(body) });
      expect([answer.status, answer.variables.slice(0, 2).join(' ')]).to.deep.equal([400, expected]);
    });
  }

  it('none of it went out, nothing was made of it, and the bot goes on', async () => {
    const { phone, platform } = world;
    expect(await platform.subscriptions()).to.have.length(1);
    const { body } = await platform.request('GET', `${discovery}/capabilitySources`);
    expect(body).to.not.have.nested.property('capabilitySourceList.capabilitySource[0]');
    expect((await platform.send(contact, { text: 'the first' })).status).to.equal(201);
    await phone.until(() => phone.inbox.length > 0);
    expect(phone.inbox.map(({ text }) => text)).to.deep.equal(['the first']);
    expect(phone.composing).to.deep.equal([]);
    expect(phone.invitations).to.equal(1);
  });
});

/** Identifier and variables of a requestError. */
function variablesOf(text: string): readonly string[] {
  const { requestError = {} } = (text === '' ? {} : JSON.parse(text)) as {
    requestError?: Record<string, { messageId: string; variables: string[] }>;
  };
  const [exception] = Object.values(requestError);
  return [exception?.messageId ?? '', ...(exception?.variables ?? [])];
}
