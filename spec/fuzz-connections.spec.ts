/** The connection fuzzer, with few scripts and always the same ones: `npm run fuzz -- --connections` has millions. */
import { expect } from 'chai';
import { scriptsOf } from '../scripts/fuzz/connections.js';
import { honest, refused } from '../scripts/fuzz/connections/honest.js';
import { faultsOf, growth, leftOver, type Look, maxGrowthBytes } from '../scripts/fuzz/connections/judge.js';
import { lookAt } from '../scripts/fuzz/connections/look.js';
import { type Finding, fuzzConnections } from '../scripts/fuzz/connections/run.js';
import { parseScripts, printScripts } from '../scripts/fuzz/connections/script.js';
import { filled, slotsFor } from '../scripts/fuzz/connections/slots.js';
import { connectionTargets } from '../scripts/fuzz/connections/targets.js';
import { startWorld, type World } from '../scripts/fuzz/connections/world.js';
import { randomOf } from '../scripts/fuzz/random.js';

const together = 6;

describe('hostile connections, a few of each kind [IWF-1628] [IWF-1629]', () => {
  let world: World;
  let secured: World;

  before(async function () {
    this.timeout(30_000);
    [world, secured] = await Promise.all([startWorld(), startWorld({ secure: true })]);
  });
  after(() => Promise.all([world.close(), secured.close()]));

  for (const target of connectionTargets) {
    it(`${target.name}: the gateway lives, answers, logs no bug, and serves who is honest`, async () => {
      const findings: Finding[] = [];
      const corpus = scriptsOf(target);
      const onFinding = (one: Finding): void => void findings.push(one);
      await fuzzConnections(
        target,
        { count: together, seed: 1, corpus, rests: false, together, onFinding },
        target.secure ? secured : world,
      );
      expect(findings.map(({ kind, text, scripts }) => `${kind}: ${text}: ${JSON.stringify(scripts)}`)).to.be.empty;
    });
  }

  it('looks at gauges that the gateway has', async () => {
    const names = [...(await world.gauges()).keys()];
    const sip = ['transactions', 'finished', 'dialogs', 'connections'].map((what) => `iwf_sip_${what}`);
    const others = ['iwf_msrp_sessions', 'iwf_msrp_connections', 'iwf_queue_depth{queue="outbound"}'];
    expect(names).to.include.members([...sip, ...others]);
    expect(await world.ask('memory')).to.be.above(1_000_000);
  });

  it('sees that a gateway has ended', async () => {
    await world.gateway.kill();
    expect(faultsOf(await lookAt(world)).map(({ kind }) => kind)).to.deep.equal(['it has ended']);
  });
});

describe('the judge of connections', () => {
  const well: Look = { runs: true, lines: ['{"level":"warn","event":"msrp garbage"}'], heldMs: 20, refused: undefined };
  const kindsOf = (look: Partial<Look>): string[] => faultsOf({ ...well, ...look }).map(({ kind }) => kind);

  it('has nothing against what is as it should be', () => {
    expect(kindsOf({})).to.deep.equal([]);
  });

  it('finds an end, a bug in the log, what takes too long, and an honest client refused', () => {
    expect(kindsOf({ runs: false })).to.deep.equal(['it has ended']);
    expect(kindsOf({ lines: ['{"level":"error","event":"bug"}'] })).to.deep.equal(['a bug in its log']);
    expect(kindsOf({ heldMs: 51 })).to.deep.equal(['too slow']);
    expect(kindsOf({ refused: refused(['sip-tcp 503']) })).to.deep.equal(['honest client refused']);
  });

  it('takes what was written past the log for one bug', () => {
    expect(kindsOf({ lines: ['(node:1) MaxListenersExceededWarning', '    at a', '    at b'] })).to.have.length(1);
  });

  it('finds what is left, and what grows once the caches are warm', () => {
    const rest = (heldBytes: number, ...gauges: [string, number][]) => ({ heldBytes, gauges: new Map(gauges) });
    const before = rest(0, ['iwf_sip_dialogs', 0], ['iwf_queue_depth{queue="notify"}', 1]);
    expect(leftOver(before, rest(0, ['iwf_sip_dialogs', 0], ['iwf_queue_depth{queue="notify"}', 1]))).to.deep.equal([]);
    expect(leftOver(before, rest(0, ['iwf_sip_dialogs', 2])).map(({ text }) => text)).to.deep.equal([
      'iwf_sip_dialogs: 0 → 2',
    ]);
    const warm = 2 * maxGrowthBytes;
    expect(growth([0, warm, warm, warm + 1].map((bytes) => rest(bytes)))).to.deep.equal([]);
    expect(growth([0, warm, warm, warm + maxGrowthBytes + 1].map((bytes) => rest(bytes)))).to.have.length(1);
  });
});

describe('scripts of connections', () => {
  it('are the same of the same seed, and others of another', () => {
    for (const { script } of connectionTargets) {
      const of = (seed: number): string =>
        printScripts(Array.from({ length: 20 }, (_, i) => script(randomOf(seed, i))));
      expect(of(7)).to.equal(of(7));
      expect(of(7)).not.to.equal(of(8));
    }
  });

  it('are kept as text and are the same again', () => {
    expect(parseScripts(printScripts([honest]))).to.deep.equal([honest]);
  });

  it('have slots that keep the length of a body, and leave what is none', () => {
    const slots = slotsFor(77, 8080);
    for (const name of ['nonce', 'sink']) expect(filled(`{{${name}}}`, slots)).to.have.length(name.length + 4);
    expect(filled('{{other}} {{', slots)).to.equal('{{other}} {{');
  });
});
