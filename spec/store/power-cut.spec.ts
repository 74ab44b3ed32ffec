import { expect } from 'chai';
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = fileURLToPath(new URL('../../scripts/power-cut/main.js', import.meta.url));

describe('store: a power cut', () => {
  before(function () {
    if (spawnSync('strace', ['-V']).error === undefined) return;
    process.stdout.write('    strace is not installed: skipped\n');
    this.skip();
  });

  it('takes nothing that was committed, and brings back nothing that was settled', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [script, '60', '15', '1']);
    const { committed, cuts, syncs, faults } = JSON.parse(stdout) as Record<string, number>;
    expect({ committed, faults }).to.deep.equal({ committed: 60, faults: 0 });
    expect(cuts).to.be.greaterThan(10);
    expect(syncs).to.be.greaterThan(10);
    // A process under strace, on a machine that may have others to run.
  }).timeout(60_000);
});
