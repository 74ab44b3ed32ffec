import { expect } from 'chai';
import { INVITE_CLIENT, OTHER_CLIENT } from '../../../lib/sip-engine/transaction/client-tables.js';
import { ClientMachine } from '../../../lib/sip-engine/transaction/client-transaction.js';
import { INVITE_SERVER, OTHER_SERVER, ServerMachine } from '../../../lib/sip-engine/transaction/server-transaction.js';
import { DEFAULT_TIMERS, lateTryingMs, Timers } from '../../../lib/sip-engine/transaction/timers.js';
import { FakeClock } from '../../support/fake-clock.js';
import { ScriptedPath } from './scripted-transport.js';

interface Stage {
  readonly clock: FakeClock;
  readonly told: string[];
  readonly path: ScriptedPath;
  /** What a machine gets that asks for another stream; undefined: there is none. */
  other: ScriptedPath | undefined;
}

function stage(protocol: 'udp' | 'tcp'): Stage {
  const sent: Buffer[] = [];
  return { clock: new FakeClock(0), told: [], path: new ScriptedPath(protocol, sent), other: undefined };
}

function client(on: Stage, invite: boolean): ClientMachine<string> {
  const machine = new ClientMachine<string>({
    invite,
    bytes: Buffer.from('request'),
    path: on.path,
    reopen: () => (on.other ? Promise.resolve(on.other) : Promise.reject(new Error('refused'))),
    timers: new Timers(on.clock),
    values: DEFAULT_TIMERS,
    user: {
      onResponse: (response) => void on.told.push(response),
      onLate2xx: (response) => void on.told.push(`late ${response}`),
      ackFor: () => Buffer.from('ack'),
      onTimeout: () => void on.told.push('timeout'),
      onSilence: () => undefined,
      onTransportError: () => void on.told.push('error'),
      onTerminated: () => void on.told.push('over'),
    },
  });
  machine.start();
  return machine;
}

function server(on: Stage, invite: boolean): ServerMachine {
  return new ServerMachine({
    invite,
    path: on.path,
    timers: new Timers(on.clock),
    values: DEFAULT_TIMERS,
    user: {
      onTryingDue: () => void on.told.push('100 due'),
      onUnanswered: () => void on.told.push('unanswered'),
      onUnacknowledged: () => void on.told.push('no ACK'),
      onRetained: (bytes) => void on.told.push(`retained ${bytes}`),
      onTerminated: () => void on.told.push('over'),
    },
  });
}

function sentOf(on: Stage): string[] {
  return on.path.sent.splice(0).map(String);
}

/** Milliseconds at which something left, within `ms`. */
async function times(on: Stage, ms: number): Promise<number[]> {
  const found: number[] = [];
  const start = on.clock.now();
  const send = on.path.send.bind(on.path);
  on.path.send = (bytes) => {
    found.push(on.clock.now() - start);
    send(bytes);
  };
  await on.clock.advance(ms);
  on.path.send = send;
  return found;
}

describe('Client transactions (RFC 3261 §17.1) [IWF-1801]', () => {
  it('INVITE over UDP: timer A doubles, timer B ends it', async () => {
    const on = stage('udp');
    client(on, true);
    expect(await times(on, 31_999)).to.deep.equal([500, 1500, 3500, 7500, 15_500, 31_500]);
    expect(on.told).to.deep.equal([]);
    await on.clock.advance(1);
    expect(on.told).to.deep.equal(['timeout', 'over']);
  });

  it('others over UDP: timer E doubles up to T2, timer F ends them', async () => {
    const on = stage('udp');
    client(on, false);
    expect(await times(on, 31_999)).to.deep.equal([
      500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ]);
    await on.clock.advance(1);
    expect(on.told).to.deep.equal(['timeout', 'over']);
  });

  it('others in proceeding: timer E stays at T2', async () => {
    const on = stage('udp');
    const machine = client(on, false);
    machine.onResponse(100, '100');
    expect(await times(on, 10_000)).to.deep.equal([500, 4500, 8500]);
  });

  it('others in proceeding: timer F ends them', async () => {
    const on = stage('udp');
    client(on, false).onResponse(100, '100');
    await on.clock.advance(31_999);
    expect(on.told).to.deep.equal(['100']);
    await on.clock.advance(1);
    expect(on.told).to.deep.equal(['100', 'timeout', 'over']);
  });

  for (const invite of [true, false])
    it(`take as many provisional responses as come (${invite ? 'INVITE' : 'others'})`, () => {
      const on = stage('tcp');
      const machine = client(on, invite);
      for (const status of [100, 180, 183, 180, 486]) machine.onResponse(status, String(status));
      expect(on.told).to.deep.equal(['100', '180', '183', '180', '486', 'over']);
    });

  it('INVITE in proceeding: nothing is repeated, nothing ends it', async () => {
    const on = stage('udp');
    client(on, true).onResponse(180, '180');
    expect(await times(on, 600_000)).to.deep.equal([]);
    expect(on.told).to.deep.equal(['180']);
  });

  for (const invite of [true, false]) {
    it(`over TCP nothing is repeated, and it ends all the same (${invite ? 'INVITE' : 'others'})`, async () => {
      const on = stage('tcp');
      client(on, invite);
      expect(await times(on, 32_000)).to.deep.equal([]);
      expect(on.told).to.deep.equal(['timeout', 'over']);
      expect(on.clock.pending).to.equal(0);
    });
  }

  for (const invite of [true, false]) {
    it(`unanswered puts its way under suspicion, from when it left on (${invite ? 'INVITE' : 'others'})`, async () => {
      const on = stage('tcp');
      await on.clock.advance(7_000);
      client(on, invite);
      await on.clock.advance(31_999);
      expect(on.path.suspected).to.deep.equal([]);
      await on.clock.advance(1);
      expect(on.path.suspected).to.deep.equal([7_000]);
    });
  }

  it('INVITE refused: ACK at once and to every repetition, until timer D', async () => {
    const on = stage('udp');
    const machine = client(on, true);
    machine.onResponse(486, '486');
    machine.onResponse(486, '486');
    expect(sentOf(on)).to.deep.equal(['request', 'ack', 'ack']);
    await on.clock.advance(31_999);
    expect(on.told).to.deep.equal(['486']);
    await on.clock.advance(1);
    expect(on.told).to.deep.equal(['486', 'over']);
  });

  it('INVITE refused over TCP: over at once (timer D is zero)', () => {
    const on = stage('tcp');
    client(on, true).onResponse(486, '486');
    expect(on.told).to.deep.equal(['486', 'over']);
  });

  it('INVITE accepted: later 2xx are told apart until timer M (RFC 6026)', async () => {
    const on = stage('udp');
    const machine = client(on, true);
    machine.onResponse(200, '200');
    machine.onResponse(200, '200');
    machine.onResponse(486, '486');
    await on.clock.advance(32_000);
    expect(on.told).to.deep.equal(['200', 'late 200', 'over']);
    expect(sentOf(on)).to.deep.equal(['request']);
  });

  it('others answered: repetitions are absorbed until timer K', async () => {
    const on = stage('udp');
    const machine = client(on, false);
    machine.onResponse(200, '200');
    machine.onResponse(200, '200');
    await on.clock.advance(4999);
    expect(on.told).to.deep.equal(['200']);
    await on.clock.advance(1);
    expect(on.told).to.deep.equal(['200', 'over']);
  });

  it('a transport error ends it at once, but not after a final answer', () => {
    for (const invite of [true, false]) {
      for (const before of [[], ['180']]) {
        const on = stage('udp');
        const machine = client(on, invite);
        for (const status of before) machine.onResponse(Number(status), status);
        on.path.fail();
        expect(on.told).to.deep.equal([...before, 'error', 'over']);
      }
    }
    const refused = stage('udp');
    client(refused, true).onResponse(486, '486');
    refused.path.fail();
    expect(refused.told).to.deep.equal(['486', 'over']);
    const answered = stage('udp');
    client(answered, true).onResponse(200, '200');
    answered.path.fail();
    expect(answered.told).to.deep.equal(['200']);
  });

  for (const invite of [true, false]) {
    describe(`whose stream closes (${invite ? 'INVITE' : 'others'}, §18.2.2)`, () => {
      async function closed(on: Stage): Promise<void> {
        on.path.usable = false;
        on.path.fail();
        await on.clock.advance(0);
      }

      it('before any response: it goes once more over a new one, and its time runs on', async () => {
        const on = stage('tcp');
        on.other = new ScriptedPath('tcp');
        const machine = client(on, invite);
        await on.clock.advance(5_000);
        await closed(on);
        expect(on.other.sent.map(String)).to.deep.equal(['request']);
        expect(on.told).to.deep.equal([]);
        await on.clock.advance(26_999);
        expect(on.told).to.deep.equal([]);
        machine.onResponse(200, '200');
        expect(on.told[0]).to.equal('200');
      });

      it('before any response: unanswered there, too, it says nothing of the new one', async () => {
        const on = stage('tcp');
        on.other = new ScriptedPath('tcp');
        client(on, invite);
        await closed(on);
        await on.clock.advance(32_000);
        expect(on.told).to.deep.equal(['timeout', 'over']);
        expect(on.other.suspected).to.deep.equal([]);
      });

      it('twice: it has failed', async () => {
        const on = stage('tcp');
        on.other = new ScriptedPath('tcp');
        client(on, invite);
        await closed(on);
        on.other.fail();
        expect(on.told).to.deep.equal(['error', 'over']);
      });

      it('where no new one can be had: it has failed at once', async () => {
        const on = stage('tcp');
        client(on, invite);
        await closed(on);
        expect(on.told).to.deep.equal(['error', 'over']);
      });

      it('while a new one is opened the answer comes: nothing is sent', async () => {
        const on = stage('tcp');
        on.other = new ScriptedPath('tcp');
        const machine = client(on, invite);
        on.path.fail();
        machine.onResponse(200, '200');
        await on.clock.advance(0);
        expect(on.other.sent).to.deep.equal([]);
        expect(on.told[0]).to.equal('200');
      });

      it('after a provisional response: the final one is waited for', async () => {
        const on = stage('tcp');
        on.other = new ScriptedPath('tcp');
        const machine = client(on, invite);
        machine.onResponse(180, '180');
        await closed(on);
        await on.clock.advance(invite ? 170_000 : 31_000);
        expect(on.told).to.deep.equal(['180']);
        machine.onResponse(486, '486');
        await on.clock.advance(0);
        expect(on.told).to.deep.equal(['180', '486', 'over']);
        expect(on.other.sent.map(String)).to.deep.equal(invite ? ['ack'] : []);
      });
    });
  }

  it('INVITE whose stream closes after a 100 alone: 64*T1 for more', async () => {
    for (const [later, told] of [
      [undefined, ['100', 'timeout', 'over']],
      [183, ['100', '183']],
    ] as const) {
      const on = stage('tcp');
      const machine = client(on, true);
      machine.onResponse(100, '100');
      on.path.fail();
      await on.clock.advance(31_999);
      expect(on.told).to.deep.equal(['100']);
      if (later !== undefined) machine.onResponse(later, String(later));
      await on.clock.advance(1);
      expect(on.told).to.deep.equal(told);
    }
  });

  it('after a CANCEL the INVITE has 64*T1 left (§9.1)', async () => {
    const on = stage('udp');
    const machine = client(on, true);
    machine.onResponse(180, '180');
    machine.limitAfterCancel();
    await on.clock.advance(32_000);
    expect(on.told).to.deep.equal(['180', 'timeout', 'over']);
  });
});

describe('A CANCEL too late', () => {
  it('changes nothing: the answered INVITE ends with timer M', async () => {
    const on = stage('udp');
    const machine = client(on, true);
    machine.onResponse(200, '200');
    await on.clock.advance(10_000);
    machine.limitAfterCancel();
    await on.clock.advance(22_000);
    expect(on.told).to.deep.equal(['200', 'over']);
  });
});

describe('Server transactions (RFC 3261 §17.2) [IWF-1801]', () => {
  it('INVITE refused over UDP: timer G repeats up to T2, timer H gives up', async () => {
    const on = stage('udp');
    server(on, true).respond(486, Buffer.from('486'));
    expect(await times(on, 31_999)).to.deep.equal([
      500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
    ]);
    await on.clock.advance(1);
    expect(on.told).to.deep.equal(['retained 3', 'no ACK', 'over']);
  });

  it('INVITE refused: the ACK stops it, timer I ends it', async () => {
    const on = stage('udp');
    const machine = server(on, true);
    machine.respond(486, Buffer.from('486'));
    machine.onRetransmission();
    machine.onAck();
    machine.onAck();
    machine.onRetransmission();
    expect(sentOf(on)).to.deep.equal(['486', '486']);
    await on.clock.advance(5000);
    expect(on.told).to.deep.equal(['retained 3', 'over']);
  });

  it('INVITE accepted: repetitions are absorbed, timer L ends it (RFC 6026)', async () => {
    const on = stage('tcp');
    const machine = server(on, true);
    machine.respond(180, Buffer.from('180'));
    machine.onRetransmission();
    machine.respond(200, Buffer.from('200'));
    machine.onRetransmission();
    machine.respond(486, Buffer.from('486'));
    expect(sentOf(on)).to.deep.equal(['180', '180', '200']);
    await on.clock.advance(32_000);
    expect(on.told).to.deep.equal(['over']);
  });

  it('INVITE that nobody answers: the user is told, not the network', async () => {
    const on = stage('udp');
    server(on, true);
    await on.clock.advance(DEFAULT_TIMERS.answerMs);
    expect(on.told).to.deep.equal(['100 due', 'unanswered']);
  });

  it('others answered: the answer again to every repetition, until timer J', async () => {
    const on = stage('udp');
    const machine = server(on, false);
    machine.onRetransmission();
    machine.respond(200, Buffer.from('200'));
    machine.onRetransmission();
    expect(sentOf(on)).to.deep.equal(['200', '200']);
    await on.clock.advance(32_000);
    expect(on.told).to.deep.equal(['retained 3', 'over']);
  });

  it('others in proceeding: the 100 again to every repetition, until the answer', async () => {
    for (const status of [200, 486]) {
      const on = stage('udp');
      const machine = server(on, false);
      machine.respond(100, Buffer.from('100'));
      machine.onRetransmission();
      machine.respond(status, Buffer.from(String(status)));
      machine.onRetransmission();
      expect(sentOf(on)).to.deep.equal(['100', '100', String(status), String(status)]);
      await on.clock.advance(32_000);
      expect(on.told).to.deep.equal(['retained 3', 'over']);
    }
  });

  it('forgotten, it tells so once, and sends nothing more', async () => {
    const on = stage('udp');
    const machine = server(on, true);
    machine.respond(486, Buffer.from('486'));
    machine.terminate();
    machine.terminate();
    expect(await times(on, 64_000)).to.deep.equal([]);
    expect(on.told).to.deep.equal(['retained 3', 'over']);
  });

  it('others over TCP: over with the answer (timer J is zero)', () => {
    const on = stage('tcp');
    server(on, false).respond(200, Buffer.from('200'));
    expect(on.told).to.deep.equal(['retained 3', 'over']);
  });

  it('others unanswered: a 100 when the client waits T2, silence after 64*T1 (RFC 4320)', async () => {
    const on = stage('udp');
    const machine = server(on, false);
    expect(lateTryingMs(DEFAULT_TIMERS)).to.equal(3500);
    await on.clock.advance(3499);
    expect(machine.late).to.be.false;
    await on.clock.advance(1);
    expect(on.told).to.deep.equal(['100 due']);
    await on.clock.advance(28_500);
    expect(on.told).to.deep.equal(['100 due', 'unanswered', 'over']);
  });
});

describe('The tables', () => {
  for (const [name, table] of Object.entries({ INVITE_CLIENT, OTHER_CLIENT, INVITE_SERVER, OTHER_SERVER })) {
    it(`${name}: nothing leaves terminated`, () => {
      expect(Object.keys(table.terminated)).to.deep.equal([]);
    });
  }
});

describe('Timers', () => {
  it('go off in order of time, and not after being closed', async () => {
    const clock = new FakeClock(0);
    const timers = new Timers(clock);
    const told: string[] = [];
    timers.after(200, () => told.push('b'));
    timers.after(100, () => told.push('a'));
    const stopped = timers.after(200, () => told.push('never'));
    stopped.close();
    stopped.close();
    await clock.advance(50);
    timers.after(200, () => told.push('c'));
    await clock.advance(150);
    expect(told).to.deep.equal(['a', 'b']);
    await clock.advance(50);
    expect(told).to.deep.equal(['a', 'b', 'c']);
    expect(clock.pending).to.equal(0);
  });

  it('need one alarm of the clock for a duration, however many wait', () => {
    const clock = new FakeClock(0);
    const timers = new Timers(clock);
    for (let i = 0; i < 1000; i++) timers.after(32_000, () => undefined);
    expect(clock.pending).to.equal(1);
    timers.close();
    expect(clock.pending).to.equal(0);
  });
});
