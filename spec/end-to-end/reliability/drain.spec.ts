/** SIGTERM to a gateway of its own process, with messages, calls, callbacks and channels in the midst of what they do. */
import { expect } from 'chai';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { respondTo } from '../../../scripts/crash/sip-text.js';
import { send } from '../../msrp/peer.js';
import { HeldCallbacks } from './held-callbacks.js';
import { draining, errorsOf, type ProcessWorld, startProcessWorld } from '../process-world.js';
import { cpim, offer, type RawChat, RawPhone } from '../raw-phone.js';
import { bot, contact, key } from '../world.js';

const ownPath = 'msrp://127.0.0.1:9/phone;tcp';
const long = 'y'.repeat(500_000);
const words = 'x'.repeat(4000);
const content = cpim(words, { id: 'half-way' });

/** Of two halves of one message. */
async function half(chat: RawChat, which: 'first' | 'second'): Promise<number> {
  const middle = content.length >> 1;
  const [from, to] = which === 'first' ? [0, middle] : [middle, content.length];
  const range = `${from + 1}-${to}/${content.length}`;
  const body = content.subarray(from, to);
  chat.msrp.write(
    send({ to: chat.path, from: ownPath, id: 'in-halves', body, range, flag: which === 'first' ? '+' : '$' }),
  );
  return chat.msrp.status();
}

/** A user in the midst of a message, a bot's message at a phone that has stopped reading, and a callback that waits for its answer. */
class Scene {
  readonly world: ProcessWorld;
  readonly callbacks: HeldCallbacks;
  readonly phone: RawPhone;
  readonly chat: RawChat;

  private constructor(world: ProcessWorld, callbacks: HeldCallbacks, phone: RawPhone, chat: RawChat) {
    this.world = world;
    this.callbacks = callbacks;
    this.phone = phone;
    this.chat = chat;
  }

  static async begin(timeoutS: number): Promise<Scene> {
    const callbacks = new HeldCallbacks();
    await callbacks.start();
    const world = await startProcessWorld({ config: { drain: { timeoutS } } });
    const { platform, handsets } = world;
    const subscription = { callbackReference: { notifyURL: callbacks.notifyURL } };
    const path = `/chat/v1/${encodeURIComponent(bot)}/subscriptions`;
    await platform.request('POST', path, { chatNotificationSubscription: subscription });
    handsets.stopsReading = true;
    expect((await platform.send(contact, { text: long })).status).to.equal(201);
    await handsets.until(() => handsets.unread > 0);
    const phone = await RawPhone.of(world);
    callbacks.holding = true;
    const chat = await phone.chat();
    expect(await chat.say(cpim('held', { id: 'held' }))).to.equal(200);
    await callbacks.until(() => callbacks.arrived.length === 1);
    expect(await half(chat, 'first')).to.equal(200);
    return new Scene(world, callbacks, phone, chat);
  }

  async end(): Promise<void> {
    this.phone.close();
    this.callbacks.stop();
    await this.world.close();
  }
}

describe('SIGTERM in the midst of what then goes on [IWF-1705]', function () {
  this.timeout(60_000);
  let scene: Scene;
  const answers: Record<string, number> = {};
  const next = Buffer.from('the next');
  let exitCode: number | null;
  let twice: Ended;

  before(async () => {
    scene = await Scene.begin(15);
    const { world, phone, chat, callbacks } = scene;
    const stopped = world.gateway.stop();
    await draining(world);
    const { callId, toTag } = chat;
    const refreshed = await phone.invite({ callId, toTag, cseq: 2, body: offer() });
    answers['INVITE in the dialog'] = refreshed.status;
    phone.ack(callId, toTag, { cseq: 2 });
    answers['UPDATE in the dialog'] = (await phone.ask('UPDATE', { callId, toTag, cseq: 3 })).status;
    answers['OPTIONS in the dialog'] = (await phone.ask('OPTIONS', { callId, toTag, cseq: 4 })).status;
    answers['a new INVITE'] = (await phone.invite()).status;
    answers['the second half'] = await half(chat, 'second');
    phone.send(respondTo(await phone.requested('BYE'), '200 OK'));
    world.handsets.readOn();
    callbacks.release();
    exitCode = await stopped;
    await world.gateway.start();
    await callbacks.until(() => callbacks.idsOf('half-way').length > 0);
    await world.platform.send(contact, { text: 'the next' });
    await world.handsets.until(() => world.handsets.arrivals.some(({ content: taken }) => taken.equals(next)));
    twice = await endedTwice(world);
  });
  after(() => scene.end());

  it('ends with 0', () => expect(exitCode).to.equal(0));

  it('ends with 1, and at once, where it comes again more than a second later', () => {
    expect(twice.exitCode).to.equal(1);
    // Within the first second it counts as the same one, of a terminal's group or of npm.
    expect(twice.tookMs).to.be.above(1000);
  });

  it('answers what belongs to a running call, refuses new ones, and takes the rest of a message that has begun', () => {
    expect(answers).to.deep.equal({
      'INVITE in the dialog': 200,
      'UPDATE in the dialog': 200,
      'OPTIONS in the dialog': 200,
      'a new INVITE': 503,
      'the second half': 200,
    });
  });

  it('tells the bot what it has acknowledged, whole', () => {
    expect(scene.callbacks.arrived.find(({ messageId }) => messageId === 'half-way')?.text).to.equal(words);
    expect(new Set(scene.callbacks.idsOf('half-way')).size).to.equal(1);
  });

  it('waits for the answer to a callback, which is not repeated', () => {
    expect(scene.callbacks.idsOf('held')).to.have.length(1);
  });

  it('wakes nobody', () => expect(errorsOf(scene.world)).to.deep.equal([]));

  it('finishes the message to the phone, which is not sent again', () => {
    const arrived = scene.world.handsets.arrivals.map((arrival) => arrival.content.toString());
    expect(arrived).to.deep.equal([long, 'the next']);
  });
});

interface Ended {
  readonly exitCode: number | null;
  readonly tookMs: number;
}

/** While a message is under way that nobody answers, it is sent SIGTERM again and again. */
async function endedTwice({ gateway, handsets, platform }: ProcessWorld): Promise<Ended> {
  const before = handsets.requests.length;
  handsets.fate = () => ({ kind: 'ignores' });
  await platform.send('tel:+15550100003', { text: 'never answered' });
  await handsets.until(() => handsets.requests.length > before);
  const startedMs = performance.now();
  const stopped = gateway.stop();
  const again = setInterval(() => gateway.signal('SIGTERM'), 100);
  const exitCode = await stopped;
  clearInterval(again);
  return { exitCode, tookMs: performance.now() - startedMs };
}

describe('SIGTERM in the midst of what does not go on [IWF-1705]', function () {
  this.timeout(60_000);
  let scene: Scene;
  const sockets: Socket[] = [];
  let exitCode: number | null;
  let tookMs: number;
  let polled: Response;
  let closeCode: number;

  before(async () => {
    scene = await Scene.begin(4);
    const { world, phone } = scene;
    const idle = await connected(world.ports.rest);
    idle.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(idle, 'data');
    idle.resume();
    const deaf = await connected(world.ports.rest);
    deaf.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200));
    const headers = { authorization: `Bearer ${key}` };
    const polling = fetch(await channelURL('LongPolling'), { method: 'POST', headers });
    const socket = new WebSocket(await channelURL('WebSockets'), { headers });
    await once(socket, 'open');
    const closed = once(socket, 'close');
    const startedMs = performance.now();
    const stopped = world.gateway.stop();
    // Not answered either.
    await phone.requested('BYE');
    exitCode = await stopped;
    tookMs = performance.now() - startedMs;
    polled = await polling;
    [closeCode] = (await closed) as [number];
    world.handsets.readOn();
    scene.callbacks.release();
    await world.gateway.start();
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    await scene.end();
  });

  it('ends with 0, in its time', () => {
    expect(exitCode).to.equal(0);
    // 4 s, and what a busy machine takes to end a process.
    expect(tookMs).to.be.below(12_000);
  });

  it('wakes nobody', () => expect(errorsOf(scene.world)).to.deep.equal([]));

  it('lets polls and WebSockets go', async () => {
    expect(polled.status).to.equal(200);
    expect(await polled.json()).to.deep.equal({ notificationList: null });
    expect(closeCode).to.equal(1001);
  });

  it('repeats the callback that was not answered, with the same id', async () => {
    const { callbacks } = scene;
    await callbacks.until(() => callbacks.idsOf('held').length > 1);
    expect(new Set(callbacks.idsOf('held')).size).to.equal(1);
  });

  it('sends the message that the phone had not taken again, with the same Message-ID and Contribution-ID', async () => {
    const { handsets } = scene.world;
    await handsets.until(() => handsets.arrivals.length > 0, 20_000);
    expect(handsets.arrivals.map((arrival) => arrival.content.toString())).to.deep.equal([long]);
    expect(handsets.begun.length).to.be.above(1);
    expect(new Set(handsets.begun)).to.deep.equal(new Set([handsets.arrivals[0]?.messageId]));
    const invites = handsets.requests.filter((request) => request.startsWith('INVITE')).map(contributionOf);
    expect(invites.length).to.be.above(1);
    expect(new Set(invites).size).to.equal(1);
  });

  it('has not taken half a message for one: sent again, the bot has it once', async () => {
    const { callbacks, world } = scene;
    const phone = await RawPhone.of(world);
    const chat = await phone.chat();
    expect(await chat.say(content)).to.equal(200);
    await callbacks.until(() => callbacks.idsOf('half-way').length > 0);
    expect(callbacks.idsOf('half-way')).to.have.length(1);
    phone.close();
  });

  async function connected(port: number): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  async function channelURL(channelType: 'LongPolling' | 'WebSockets'): Promise<string> {
    const path = `/notificationchannel/v1/${encodeURIComponent(bot)}/channels`;
    const { body } = await scene.world.platform.request('POST', path, { notificationChannel: { channelType } });
    return (body as { notificationChannel: { channelData: { channelURL: string } } }).notificationChannel.channelData
      .channelURL;
  }
});

function contributionOf(request: string): string | undefined {
  return /^Contribution-ID: *(\S+)/im.exec(request)?.[1];
}
