/** The table of requirements against the specs: every one is proven where the table says, and no spec names another. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse } from 'yaml';

export interface Requirement {
  /** `IWF-101` */
  readonly number: string;
  readonly row: string;
  readonly sentence: string;
  /** Spec files, and folders of golden conversations, relative to the repository. */
  readonly proofs: readonly string[];
}

export interface Verdict {
  readonly requirements: readonly Requirement[];
  /** What is wrong, a line each. */
  readonly faults: readonly string[];
  /** Whose every proof is skipped: a known gap, with its reason in the spec. */
  readonly open: readonly string[];
}

interface Claim {
  readonly number: string;
  readonly file: string;
  readonly skipped: boolean;
}

const table = 'spec/requirements.md';
const flows = 'spec/fixtures/flows';

/** `root`: the repository. */
export function checkRequirements(root: string): Verdict {
  const requirements = readTable(readFileSync(join(root, table), 'utf8'));
  const claims = [...specFiles(join(root, 'spec')).flatMap((file) => claimsOf(root, file)), ...flowClaims(root)];
  const proven = new Set(claims.filter(({ skipped }) => !skipped).map(({ number }) => number));
  return {
    requirements,
    faults: [
      ...faultsOfTable(root, requirements),
      ...requirements.flatMap((one) => faultsOfProof(one, claims)),
      ...claims.flatMap((claim) => faultOfClaim(claim, requirements)),
    ],
    open: requirements.map(({ number }) => number).filter((number) => !proven.has(number)),
  };
}

/** Rows `| IWF-nnn | row | sentence | files |`. */
export function readTable(markdown: string): readonly Requirement[] {
  return [...markdown.matchAll(/^\| (IWF-\d+) \| ([^|]+) \| ([^|]+) \| ([^|]*) \|$/gm)].map(
    ([, number = '', row = '', sentence = '', files = '']) => ({
      number,
      row: row.trim(),
      sentence: sentence.trim(),
      proofs: [...files.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file),
    }),
  );
}

function faultsOfTable(root: string, requirements: readonly Requirement[]): readonly string[] {
  const numbers = requirements.map(({ number }) => number);
  const twice = numbers.filter((number, at) => numbers.indexOf(number) !== at);
  const missing = requirements.flatMap(({ number, proofs }) =>
    proofs.filter((file) => !existsSync(join(root, file))).map((file) => `${number} names ${file}, which is not there`),
  );
  const without = requirements.filter(({ proofs }) => proofs.length === 0);
  return [
    ...twice.map((number) => `${number} stands twice in ${table}`),
    ...missing,
    ...without.map(({ number }) => `${number} names no spec`),
  ];
}

function faultsOfProof({ number, proofs }: Requirement, claims: readonly Claim[]): readonly string[] {
  const files = new Set(claims.filter((claim) => claim.number === number).map(({ file }) => file));
  return proofs.filter((file) => !files.has(file)).map((file) => `${number}: no title in ${file} has [${number}]`);
}

function faultOfClaim({ number, file }: Claim, requirements: readonly Requirement[]): readonly string[] {
  const requirement = requirements.find((one) => one.number === number);
  if (!requirement) return [`${file} names ${number}, which is not in ${table}`];
  return requirement.proofs.includes(file) ? [] : [`${file} has [${number}], and ${table} does not name it there`];
}

/** Tags in titles of describe and it. */
function claimsOf(root: string, file: string): readonly Claim[] {
  const text = readFileSync(file, 'utf8');
  const titles = text.matchAll(/\b(?:describe|it)(\.skip)?\(\s*(['"`])(.*?)\2[,)]/gs);
  return [...titles].flatMap(([, skip, , title = '']) =>
    [...title.matchAll(/\[(IWF-\d+)\]/g)].map(([, number = '']) => ({
      number,
      file: relative(root, file),
      skipped: skip !== undefined,
    })),
  );
}

/** `proves` of each flow.yaml, which the spec of the flows makes part of its titles. */
function flowClaims(root: string): readonly Claim[] {
  const folders = readdirSync(join(root, flows)).filter((name) => statSync(join(root, flows, name)).isDirectory());
  return folders.flatMap((name) => {
    const { proves } = parse(readFileSync(join(root, flows, name, 'flow.yaml'), 'utf8')) as {
      proves: readonly string[];
    };
    return proves.map((number) => ({ number, file: `${flows}/${name}`, skipped: false }));
  });
}

function specFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
}
