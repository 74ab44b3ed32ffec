/** An ordinary drachtio-srf application, as its documentation shows it, on the face. */
import { expect } from 'chai';
import Srf from 'drachtio-srf';
import { systemClock } from '../../../lib/clock.js';
import { createDrachtioFace, type DrachtioFace } from '../../../lib/sip-engine/drachtio/face.js';
import { createEngine } from '../../../lib/sip-engine/engine.js';
import { silentLog } from '../../sip/silent-log.js';

const OFFER = 'v=0\r\ns=offer\r\n';
const ANSWER = 'v=0\r\ns=answer\r\n';

interface Application {
  readonly srf: Srf;
  readonly face: DrachtioFace;
  readonly sipPort: number;
}

/** What the library's own types leave out, as far as it is used here. */
interface Answered {
  readonly status: number;
  readonly body: string;
}

async function start(): Promise<Application> {
  const engine = createEngine({ listen: ['udp/127.0.0.1:0', 'tcp/127.0.0.1:0'] });
  const face = createDrachtioFace(engine, { secret: 'cymru', clock: systemClock, log: silentLog });
  await face.start();
  const { port } = await face.listen({ host: '127.0.0.1', port: 0 });
  const srf = new Srf();
  const connected = new Promise<void>((resolve) => srf.on('connect', () => resolve()));
  void srf.connect({ host: '127.0.0.1', port, secret: 'cymru' });
  await connected;
  return { srf, face, sipPort: engine.listening.find(({ protocol }) => protocol === 'udp')?.port ?? 0 };
}

describe('an unmodified drachtio-srf application [IWF-1805]', () => {
  let caller: Application;
  let callee: Application;

  beforeEach(async () => {
    [caller, callee] = await Promise.all([start(), start()]);
  });

  afterEach(async () => {
    for (const { srf, face } of [caller, callee]) {
      srf.disconnect();
      await face.close();
    }
  });

  function uri(): string {
    return `sip:bot@127.0.0.1:${callee.sipPort}`;
  }

  it('calls with createUAC, is answered with createUAS, modifies, ends', async () => {
    const answering = new Promise<Srf.Dialog>((resolve, reject) => {
      callee.srf.invite((req, res) => {
        expect(req.body).to.equal(OFFER);
        callee.srf.createUAS(req, res, { localSdp: ANSWER }).then(resolve, reject);
      });
    });
    await routed();
    const dialog = await caller.srf.createUAC(uri(), { localSdp: OFFER, headers: { 'X-Own': '1' } });
    const answered = await answering;
    expect(dialog.remote.sdp).to.equal(ANSWER);
    expect(answered.sip.callId).to.equal(dialog.sip.callId);
    expect(answered.sip.remoteTag).to.equal(dialog.sip.localTag);
    answered.on('modify', (_req, res) => res.send(200, { body: ANSWER }));
    expect(await dialog.modify(OFFER)).to.equal(ANSWER);
    const ended = new Promise<void>((resolve) => answered.on('destroy', () => resolve()));
    dialog.destroy();
    await ended;
  });

  it('is refused', async () => {
    callee.srf.invite((_req, res) => res.send(486));
    await routed();
    const error: unknown = await caller.srf.createUAC(uri(), { localSdp: OFFER }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.include({ status: 486 });
  });

  it('cancels what it has begun', async () => {
    const cancelled = new Promise<void>((resolve) => {
      callee.srf.invite((req, res) => {
        req.on('cancel', () => resolve());
        res.send(180);
      });
    });
    await routed();
    let sent: Srf.SrfRequest | undefined;
    const outcome = caller.srf.createUAC(
      uri(),
      { localSdp: OFFER },
      {
        cbRequest: (...args: unknown[]) => (sent = args[1] as Srf.SrfRequest),
        cbProvisional: () => sent?.cancel(() => undefined),
      },
    );
    const error: unknown = await outcome.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.include({ status: 487 });
    await cancelled;
  });

  it('exchanges messages', async () => {
    callee.srf.use('message', (req, res) =>
      res.send(202, { headers: { 'Content-Type': 'text/plain' }, body: `${req.body} zurück` }),
    );
    await routed();
    const options = { method: 'MESSAGE', headers: { 'Content-Type': 'text/plain' }, body: 'grüße €' };
    const response = await new Promise<Answered>((resolve, reject) => {
      const request = caller.srf.request.bind(caller.srf) as unknown as SrfRequestCall;
      request(uri(), options, (error, req) => {
        if (error) reject(error);
        else req.on('response', resolve);
      });
    });
    expect(response.status).to.equal(202);
    expect(response.body).to.equal('grüße € zurück');
  });

  /** The route has been asked for on the connection before this; a round trip shows that it was heard. */
  async function routed(): Promise<void> {
    const request = callee.srf.request.bind(callee.srf) as unknown as SrfRequestCall;
    await new Promise<void>((resolve) => request(uri(), { method: 'OPTIONS' }, () => resolve()));
  }
});

type SrfRequestCall = (
  uri: string,
  options: object,
  done: (error: Error | null, req: { on(event: 'response', listener: (res: Answered) => void): void }) => void,
) => void;
