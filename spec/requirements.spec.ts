/** spec/requirements.md holds: what the gateway is to do, each sentence with the spec that proves it. */
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkRequirements } from '../scripts/requirements/check.js';

describe('requirements', () => {
  it('have each a spec that names them, and no spec names another', () => {
    const { requirements, faults } = checkRequirements(fileURLToPath(new URL('../../', import.meta.url)));
    expect(requirements).to.have.length.above(150);
    expect(faults).to.deep.equal([]);
  });

  describe('the check itself', () => {
    let root: string;
    // The number is put together here, so that this file claims nothing.
    const tag = (number: number): string => `[IWF-${number}]`;

    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'maap-iwf-requirements-'));
      mkdirSync(join(root, 'spec/fixtures/flows'), { recursive: true });
    });
    afterEach(() => rmSync(root, { recursive: true, force: true }));

    const write = (rows: string, spec: string): ReturnType<typeof checkRequirements> => {
      writeFileSync(join(root, 'spec/requirements.md'), `| number | row |\n|---|---|\n${rows}\n`);
      writeFileSync(join(root, 'spec/one.spec.ts'), spec);
      return checkRequirements(root);
    };

    it('finds a requirement without a spec, and a spec that names an unknown one', () => {
      const { faults } = write('| IWF-7 | 1 | it works | `spec/one.spec.ts` |', `it('works ${tag(8)}', () => 1);`);
      expect(faults).to.deep.equal([
        'IWF-7: no title in spec/one.spec.ts has [IWF-7]',
        'spec/one.spec.ts names IWF-8, which is not in spec/requirements.md',
      ]);
    });

    it('finds a file that is not there, and a number that stands twice', () => {
      const rows = '| IWF-7 | 1 | a | `spec/two.spec.ts` |\n| IWF-7 | 1 | b | `spec/one.spec.ts` |';
      const { faults } = write(rows, `describe('a ${tag(7)}', () => 1);`);
      expect(faults).to.include('IWF-7 stands twice in spec/requirements.md');
      expect(faults).to.include('IWF-7 names spec/two.spec.ts, which is not there');
    });

    it('tells what is skipped, and takes no comment for a title', () => {
      const skipped = write('| IWF-7 | 1 | a | `spec/one.spec.ts` |', `it.skip('a ${tag(7)}', () => 1);`);
      expect(skipped.faults).to.deep.equal([]);
      expect(skipped.open).to.deep.equal(['IWF-7']);
      expect(write('| IWF-7 | 1 | a | `spec/one.spec.ts` |', `// ${tag(7)}`).faults).to.have.length(1);
    });
  });
});
