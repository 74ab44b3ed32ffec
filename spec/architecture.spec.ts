/** The import table holds: the last column of the design's layout decides who may import whom. */
import { expect } from 'chai';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emptyWords, importTable, inner, root, type Row } from './support/import-table.js';
import { importsOf, readImports, sources, type Import } from './support/imports.js';

const lib = fileURLToPath(new URL('../../lib', import.meta.url));

/** A folder or a file. */
function liesIn(file: string, area: string): boolean {
  return file === area || file.startsWith(`${area}/`);
}

function rowOf(file: string): Row | undefined {
  return importTable.filter(({ area }) => liesIn(file, area)).sort((a, b) => b.area.length - a.area.length)[0];
}

/** Whether a room may look into another one of its folder. */
function isBelow(file: string, target: string): boolean {
  const room = Object.keys(inner).find((area) => liesIn(file, area));
  if (room === undefined) return true;
  return [room, ...(inner[room] ?? [])].some((area) => liesIn(target, area));
}

function isRoot(file: string): boolean {
  return root.some((area) => liesIn(file, area));
}

function top(file: string): string {
  return file.split('/')[0] ?? file;
}

/** What is wrong with it; undefined: nothing. */
function fault({ file, target, kind, typeOnly }: Import): string | undefined {
  if (isRoot(file)) return undefined;
  const row = rowOf(file);
  const said = `${file} imports ${typeOnly ? 'types of ' : ''}${target}`;
  if (!row) return `${file} lies in no area of the import table`;
  if (kind === 'outside') return `${said}, which is outside of lib/`;
  if (kind === 'package') return (row.packages ?? []).includes(target) ? undefined : said;
  if (top(target) === top(row.area)) return typeOnly || isBelow(file, target) ? undefined : said;
  const allowed = [...(row.values ?? []), ...(typeOnly ? (row.types ?? []) : [])];
  return allowed.some((area) => liesIn(target, area)) ? undefined : said;
}

describe('architecture [IWF-1710]', () => {
  const imports = readImports(lib);

  it('imports go where the table lets them', () => {
    expect(imports).to.have.length.above(10);
    expect(imports.flatMap((found) => fault(found) ?? [])).to.deep.equal([]);
  });

  it('every file lies in an area of the table', () => {
    const files = sources(lib).map((name) => name.replace(/\.ts$/, ''));
    expect(files.filter((file) => !isRoot(file) && !rowOf(file))).to.deep.equal([]);
  });

  it('no file is called by a name that says nothing', () => {
    const named = sources(lib).filter((name) =>
      basename(name, '.ts')
        .split('-')
        .some((word) => emptyWords.includes(word)),
    );
    expect(named).to.deep.equal([]);
  });

  it('files are named in kebab-case', () => {
    expect(sources(lib).filter((name) => !/^[a-z0-9-]+(\/[a-z0-9-]+)*\.ts$/.test(name))).to.deep.equal([]);
  });

  it('no file imports itself in a circle of values', () => {
    expect(circles(imports.filter(({ kind, typeOnly }) => kind === 'inside' && !typeOnly))).to.deep.equal([]);
  });

  describe('the table itself refuses', () => {
    const cases: readonly [file: string, text: string, refused: boolean][] = [
      ['wire/cpim.ts', "import { parse } from './header-lines.js';", false],
      ['wire/cpim.ts', "import type { A } from '../resources/chat-message.js';", true],
      ['wire/cpim.ts', "import { readFileSync } from 'node:fs';", true],
      ['wire/cpim.ts', "import type { Clock } from '../clock.js';", true],
      ['wire/cpim.ts', "import { PeerError } from '../errors.js';", true],
      ['resources/a.ts', "import { b } from '../wire/b.js';", true],
      ['mapping/a.ts', "import { b } from '../wire/b.js'; import { c } from '../resources/c.js';", false],
      ['mapping/a.ts', "import { randomUUID } from 'node:crypto';", true],
      ['iwf/a.ts', "import type { Store } from '../store/store.js';", false],
      ['iwf/a.ts', "import { openStore } from '../store/open.js';", true],
      ['iwf/a.ts', "import { type Store } from '../store/store.js';", false],
      ['iwf/a.ts', "import { type Store, openStore } from '../store/store.js';", true],
      ['iwf/a.ts', "export { openStore } from '../store/open.js';", true],
      ['iwf/a.ts', "const store = await import('../store/open.js');", true],
      ['iwf/a.ts', "let store: import('../store/store.js').Store;", false],
      ['msrp/a.ts', "import { PeerError } from '../errors.js'; import type { Clock } from '../clock.js';", false],
      ['msrp/a.ts', "import { systemClock } from '../clock.js';", true],
      ['msrp/a.ts', "import '../sip/agent.js';", true],
      ['sip/chat/dial.ts', "import Srf from 'drachtio-srf';", true],
      ['sip/drachtio/drachtio-agent.ts', "import Srf from 'drachtio-srf';", false],
      ['sip-engine/engine.ts', "import { parse } from '../wire/address.js';", true],
      ['sip-engine/engine.ts', "import { parse } from './message/parse.js';", false],
      ['sip-engine/message/parse.ts', "import { Engine } from '../engine.js';", true],
      ['sip-engine/message/parse.ts', "import type { SipMessage } from '../api.js';", false],
      ['sip-engine/message/parse.ts', "import { print } from './print.js';", false],
      ['sip-engine/transport/transport-tcp.ts', "import { print } from '../message/print.js';", false],
      ['sip-engine/transport/transport-tcp.ts', "import { find } from '../dialog/dialog.js';", true],
      ['rest/a.ts', "import type { ChatActions } from '../iwf/actions.js';", false],
      ['rest/a.ts', "import Database from 'better-sqlite3';", true],
      ['sim/phone.ts', "import { x } from '../sip/agent.js';", true],
      ['sim/phone.ts', "import { UserAgentCore } from 'sip.js/lib/core/index.js';", false],
      ['notify/a.ts', "import type { Config } from '../config.js';", true],
      ['main.ts', "import { anything } from './store/open.js';", false],
      ['wire/cpim.ts', "import { x } from '../../spec/x.js';", true],
    ];
    for (const [file, text, refused] of cases) {
      it(`${refused ? '' : 'not '}${file}: ${text}`, () =>
        expect(importsOf(file, text).some((found) => fault(found) !== undefined)).to.equal(refused));
    }
  });
});

/** Circles as `a → b → a`, each once. */
function circles(imports: readonly Import[]): readonly string[] {
  const targets = new Map<string, string[]>();
  for (const { file, target } of imports) targets.set(file, [...(targets.get(file) ?? []), target]);
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) found.push([...way.slice(way.indexOf(file)), file].join(' → '));
    if (done.has(file)) return;
    done.add(file);
    for (const target of targets.get(file) ?? []) walk(target, [...way, file]);
  };
  for (const file of targets.keys()) walk(file, []);
  return found;
}
