/** What every SipAgent must do with INVITE: two agents call each other. */
import { expect } from 'chai';
import type { Answer, Call, InboundInvite } from '../../../lib/sip/agent.js';
import { Ear, Station, type MakeNode } from './agent-node.js';

const FROM = ['From', '<sip:bot@botplatform.example>'] as const;
const SDP = ['Content-Type', 'application/sdp'] as const;
const OFFER = Buffer.from('v=0\r\ns=offer\r\n');
const ANSWER = Buffer.from('v=0\r\ns=answer\r\n');

export function describeCalls(name: string, makeNode: MakeNode): void {
  describe(`${name}: calls [IWF-1711]`, () => {
    let a: Station;
    let b: Station;
    let earA: Ear;
    let earB: Ear;

    beforeEach(async () => {
      [a, b] = await Promise.all([new Station().open(makeNode), new Station().open(makeNode)]);
      [earA, earB] = [new Ear(), new Ear()];
    });

    afterEach(async () => {
      await Promise.all([a.close(), b.close()]);
    });

    function dial(signal?: AbortSignal) {
      const headers = [FROM, ['X-Dialed', 'yes'], SDP] as const;
      return a.agent.invite({ method: 'INVITE', uri: b.uri(), headers, body: OFFER }, earA, signal);
    }

    async function connected(): Promise<{ callA: Call; callB: Call; invite: InboundInvite }> {
      const dialed = dial();
      const invite = await b.invites.take();
      const callB = await invite.accept({ status: 200, headers: [SDP, ['X-Accepted', 'yes']], body: ANSWER }, earB);
      const outcome = await dialed;
      if (outcome.kind !== 'accepted') throw new Error(`refused ${outcome.response.status}`);
      expect(outcome.response.body).to.deep.equal(ANSWER);
      expect(outcome.response.headers.get('X-Accepted')).to.equal('yes');
      expect(await earB.acks.take()).to.equal('');
      return { callA: outcome.call, callB, invite };
    }

    it('connects: offer, answer, ACK; the same Call-ID on both sides', async () => {
      const { callA, callB, invite } = await connected();
      expect(invite.body).to.deep.equal(OFFER);
      expect(invite.headers.get('x-dialed')).to.equal('yes');
      expect(callA.callId).to.equal(callB.callId).and.equal(invite.callId);
      expect(callA.remoteTarget).to.contain(`:${b.port('udp')}`);
      expect(callB.remoteTarget).to.contain(`:${a.port('udp')}`);
    });

    for (const side of ['caller', 'callee'] as const) {
      it(`is ended by the ${side}, whom nobody tells, and who may say so twice`, async () => {
        const { callA, callB } = await connected();
        const [ending, other, own] = side === 'caller' ? [callA, earB, earA] : [callB, earA, earB];
        await Promise.all([ending.bye(), ending.bye([['Reason', 'SIP;cause=200']])]);
        expect(await other.ends.take()).to.equal('bye');
        await Promise.all([callA.bye(), callB.bye()]);
        expect(own.ends.size + other.ends.size).to.equal(0);
        expect(await ending.request({ method: 'INFO' })).to.include({ status: 481 });
      });

      it(`is modified by the ${side}, with re-INVITE and UPDATE`, async () => {
        const { callA, callB } = await connected();
        const [call, ear] = side === 'caller' ? [callA, earB] : [callB, earA];
        ear.answer = { status: 200, headers: [SDP], body: Buffer.from('v=0\r\ns=2\r\n') };
        const invited = await call.request({ method: 'INVITE', headers: [SDP], body: OFFER });
        expect(`${invited.status} ${invited.body.toString()}`).to.equal('200 v=0\r\ns=2\r\n');
        expect(await ear.acks.take()).to.equal('');
        expect((await call.request({ method: 'UPDATE', headers: [SDP], body: ANSWER })).status).to.equal(200);
        expect(ear.modified).to.deep.equal([`INVITE ${OFFER.toString()}`, `UPDATE ${ANSWER.toString()}`]);
        ear.answer = { ...ear.answer, status: 488, headers: [], body: Buffer.alloc(0) };
        expect(await call.request({ method: 'INVITE', headers: [SDP], body: OFFER })).to.include({ status: 488 });
        await call.bye();
        expect(await ear.ends.take()).to.equal('bye');
      });

      it(`carries requests of the ${side}`, async () => {
        const { callA, callB } = await connected();
        const [call, ear] = side === 'caller' ? [callA, earB] : [callB, earA];
        const text = [['Content-Type', 'text/plain']] as const;
        expect(await call.request({ method: 'MESSAGE', headers: text, body: Buffer.from('größe') })).to.include({
          status: 200,
        });
        ear.answer = { ...ear.answer, status: 403 };
        expect(await call.request({ method: 'INFO' })).to.include({ status: 403 });
        expect(await call.request({ method: 'OPTIONS' })).to.include({ status: 403 });
        expect(ear.requests).to.deep.equal(['MESSAGE größe', 'INFO ', 'OPTIONS ']);
      });
    }

    it('offers in the 2xx where the INVITE had no SDP', async () => {
      const dialed = a.agent.invite({ method: 'INVITE', uri: b.uri(), headers: [FROM] }, earA);
      const invite = await b.invites.take();
      expect(invite.body).to.have.length(0);
      await invite.accept({ status: 200, headers: [SDP], body: OFFER }, earB);
      const outcome = await dialed;
      expect(outcome.kind).to.equal('accepted');
      expect(outcome.response.body).to.deep.equal(OFFER);
      await earB.acks.take();
    });

    it('is refused with code, reason and headers', async () => {
      const dialed = dial();
      const invite = await b.invites.take();
      await invite.answer({ status: 486, reason: 'Occupied', headers: [['Warning', '399 b "no"']] });
      const { kind, response } = await dialed;
      expect(kind).to.equal('refused');
      expect(response).to.include({ status: 486, reason: 'Occupied' });
      expect(response.headers.get('Warning')).to.equal('399 b "no"');
    });

    it('is cancelled by the caller: the callee is told once, and can accept no more', async () => {
      const abort = new AbortController();
      const dialed = dial(abort.signal);
      const invite = await b.invites.take();
      const cancelled = new Promise<void>((resolve) => (invite.onCancel = resolve));
      abort.abort();
      const { kind, response } = await dialed;
      expect(`${kind} ${response.status}`).to.equal('refused 487');
      await cancelled;
      const error = await failureOf(invite.accept({ status: 200, headers: [SDP], body: ANSWER }, earB));
      expect(error).to.include({ name: 'PeerError' });
    });

    it('is cancelled also for a callee who listens only after that', async () => {
      const abort = new AbortController();
      const dialed = dial(abort.signal);
      const invite = await b.invites.take();
      const cancelled = new Promise<void>((resolve) => (invite.onCancel = resolve));
      abort.abort();
      await Promise.all([dialed, cancelled]);
      let told = 0;
      invite.onCancel = () => told++;
      expect(told).to.equal(1);
    });

    it('aborted before it began leaves nothing', async () => {
      const { kind, response } = await dial(AbortSignal.abort());
      expect(`${kind} ${response.status}`).to.equal('refused 487');
      expect(b.invites.size).to.equal(0);
    });

    it('is not harmed by an abort after it was accepted', async () => {
      const abort = new AbortController();
      const dialed = dial(abort.signal);
      const callB = await (await b.invites.take()).accept({ status: 200, headers: [SDP], body: ANSWER }, earB);
      await dialed;
      abort.abort();
      expect(await callB.request({ method: 'INFO' })).to.include({ status: 200 });
      expect(earA.ends.size + earB.ends.size).to.equal(0);
    });

    it('answers a MESSAGE that meets a failing delegate with 500', async () => {
      const { callA } = await connected();
      earB.onRequest = () => Promise.reject(new Error('a delegate that fails'));
      earB.onModify = () => {
        throw new Error('a delegate that fails');
      };
      expect(await callA.request({ method: 'INFO' })).to.include({ status: 500 });
      expect(await callA.request({ method: 'UPDATE' })).to.include({ status: 500 });
    });

    it('is lost for those whose engine is gone', async () => {
      await connected();
      await a.close();
      expect(await earA.ends.take()).to.equal('lost');
    });

    it('keeps 200 calls at once apart', async () => {
      b.invites.each((invite) => {
        const answer: Answer = { status: 200, headers: [SDP], body: invite.body };
        void invite.accept(answer, earB);
      });
      const ears = Array.from({ length: 200 }, () => new Ear());
      const outcomes = await Promise.all(
        ears.map((ear, n) =>
          a.agent.invite(
            { method: 'INVITE', uri: b.uri('tcp'), headers: [FROM, SDP], body: Buffer.from(`v=0\r\ns=${n}\r\n`) },
            ear,
          ),
        ),
      );
      expect(outcomes.map(({ kind, response }) => `${kind} ${response.body.toString()}`)).to.deep.equal(
        ears.map((_, n) => `accepted v=0\r\ns=${n}\r\n`),
      );
      await Promise.all(
        outcomes.map((outcome) => (outcome.kind === 'accepted' ? outcome.call.bye() : Promise.resolve())),
      );
      for (let n = 0; n < 200; n++) expect(await earB.ends.take()).to.equal('bye');
    });
  });
}

function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}
