/** What the command line accepts. */
import { expect } from 'chai';
import { parseCommandLine, usage } from '../lib/command-line.js';

describe('command line', () => {
  const cases: readonly [args: readonly string[], intent: object][] = [
    [[], { kind: 'run', file: undefined }],
    [['--config', 'iwf.yaml'], { kind: 'run', file: 'iwf.yaml' }],
    [['--config=iwf.yaml', '--check'], { kind: 'check', file: 'iwf.yaml' }],
    [['-c', 'iwf.yaml', '--print-config'], { kind: 'print-config', file: 'iwf.yaml' }],
    [['--version'], { kind: 'version' }],
    [['-h', '--check'], { kind: 'help' }],
  ];
  for (const [args, intent] of cases) {
    it(args.join(' ') || '(nothing)', () => expect(parseCommandLine(args)).to.deep.equal(intent));
  }

  for (const args of [['--confg', 'x'], ['--config'], ['--config='], ['iwf.yaml'], ['--check', '--print-config']]) {
    it(`refuses ${args.join(' ')} in one line`, () => {
      const intent = parseCommandLine(args);
      if (intent.kind !== 'wrong') throw new Error(intent.kind);
      expect(intent.text).to.match(/^[^\n]+$/);
    });
  }

  it('explains every option', () => {
    for (const option of ['--config', '--check', '--print-config', '--version', '--help'])
      expect(usage).to.include(option);
  });
});
