/** Certificates for one run of a spec, made by openssl; nothing of them is kept. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** PEM texts, and the files that hold them. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

const keys = {
  ec: ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  rsa: ['rsa:2048'],
} as const;

/** Signs certificates, until it is removed. */
export class Authority {
  readonly folder: string;
  private readonly name: string;

  private constructor(folder: string, name: string) {
    this.folder = folder;
    this.name = name;
  }

  static async make(name: string): Promise<Authority> {
    const authority = new Authority(mkdtempSync(join(tmpdir(), 'maap-iwf-ca-')), name);
    await authority.openssl(name, []);
    return authority;
  }

  get caFile(): string {
    return join(this.folder, `${this.name}.pem`);
  }

  get ca(): string {
    return readFileSync(this.caFile, 'utf8');
  }

  /** `alternatives`: `DNS:sbc.example.net`, `IP:127.0.0.1`, `URI:sip:example.net`; none: CN alone. */
  async issue(name: string, alternatives: readonly string[], kind: keyof typeof keys = 'ec'): Promise<Certificate> {
    const signed = ['-CA', this.caFile, '-CAkey', join(this.folder, `${this.name}.key`)];
    const names = alternatives.length === 0 ? [] : ['-addext', `subjectAltName=${alternatives.join(',')}`];
    await this.openssl(name, [...signed, ...names], kind);
    const [certFile, keyFile] = [join(this.folder, `${name}.pem`), join(this.folder, `${name}.key`)];
    const read = (file: string): string => readFileSync(file, 'utf8');
    return { cert: read(certFile), key: read(keyFile), certFile, keyFile };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async openssl(name: string, more: readonly string[], kind: keyof typeof keys = 'ec'): Promise<void> {
    const out = ['-keyout', join(this.folder, `${name}.key`), '-out', join(this.folder, `${name}.pem`)];
    const key = ['-newkey', ...keys[kind], '-nodes', '-days', '2'];
    await run('openssl', ['req', '-x509', ...key, '-subj', `/CN=${name}`, ...out, ...more]);
  }
}
