/** A crowd of requests for one chatbot, and what another's have to wait for it. Over real sockets. */
import { expect } from 'chai';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Answer, sipSource, type Source } from '../../../scripts/soak/load-source.js';
import { bot, key, otherBot, otherKey, startWorld, type World } from '../world.js';

const crowdSize = 100;

describe('a crowd of requests at once', () => {
  let world: World;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await world.stop();
  });

  async function open(): Promise<Socket> {
    const socket = connect(world.ports.rest, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  async function ask(socket: Socket, uri: string, secret: string): Promise<string> {
    socket.write(
      `GET /chat/v1/${encodeURIComponent(uri)}/subscriptions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\n\r\n`,
    );
    const [text] = (await once(socket, 'data')) as [string];
    return text.slice(9, 12);
  }

  it('does not stand before the one request of another', async () => {
    const quiet = await open();
    expect(await ask(quiet, otherBot, otherKey)).to.equal('200');
    const crowd = await Promise.all(Array.from({ length: crowdSize }, open));
    for (const socket of crowd) expect(await ask(socket, bot, key)).to.equal('200');
    const answers: string[] = [];
    const asked = crowd.map(async (socket) => answers.push(await ask(socket, bot, key)));
    await Promise.race(asked);
    expect(await ask(quiet, otherBot, otherKey)).to.equal('200');
    expect(answers.length).to.be.below(crowdSize / 2);
    await Promise.all(asked);
    expect(answers).to.deep.equal(Array<string>(crowdSize).fill('200'));
  });

  describe('of users', () => {
    const sources: Source[] = [];
    afterEach(() => {
      for (const source of sources.splice(0)) source.close();
    });

    async function users(...bots: readonly string[]): Promise<Source> {
      const source = await sipSource({ port: world.ports.sip, bots, users: 50 }, 1);
      sources.push(source);
      return source;
    }

    /** Their answers, and how many of them had come when the one message to another chatbot was answered. */
    async function crowded(...bots: readonly string[]): Promise<{ answers: readonly Answer[]; before: number }> {
      const [crowd, quiet] = [await users(...bots), await users(otherBot)];
      await quiet.send(0);
      let before = 0;
      const answers = Array.from({ length: crowdSize }, async () => {
        const answer = await crowd.send(0);
        before++;
        return answer;
      });
      await quiet.send(0);
      return { before, answers: await Promise.all(answers) };
    }

    it('who write to one chatbot does not stand before the one message to another', async () => {
      const { answers, before } = await crowded(bot);
      expect(before).to.be.below(crowdSize / 2);
      expect(answers.map(({ status }) => status)).to.deep.equal(Array<number>(crowdSize).fill(200));
    });

    it('gains nothing by chatbots that it makes up', async () => {
      const madeUp = Array.from({ length: crowdSize }, (_none, n) => `sip:made-up-${n}@nowhere.example`);
      const { answers, before } = await crowded(...madeUp);
      expect(before).to.be.below(crowdSize / 2);
      expect(answers.map(({ status }) => status)).to.deep.equal(Array<number>(crowdSize).fill(404));
    });
  });
});
