/**
 * A disk that runs full: a limit on the size of the process's files (EFBIG), which anybody may set; or with SOAK_MOUNT=1, for root,
 * a file system of its own (ENOSPC).
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const sizeMb = 96;
const block = Buffer.alloc(65_536, 1);

export class Disk {
  readonly folder = mkdtempSync(join(tmpdir(), 'maap-iwf-soak-'));
  readonly kind: 'file system' | 'file size';

  constructor() {
    this.kind = process.env.SOAK_MOUNT === '1' && mounts(this.folder) ? 'file system' : 'file size';
  }

  fill(pid: number): void {
    if (this.kind === 'file system') fillUp(this.filler);
    else limitFiles(pid, '4096');
  }

  free(pid: number): void {
    if (this.kind === 'file system') rmSync(this.filler, { force: true });
    else limitFiles(pid, 'unlimited');
  }

  remove(): void {
    if (this.kind === 'file system') execFileSync('umount', [this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get filler(): string {
    return join(this.folder, 'filler');
  }
}

function mounts(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'none', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function fillUp(file: string): void {
  for (const bytes of [block, block.subarray(0, 4096)]) {
    try {
      for (;;) appendFileSync(file, bytes);
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOSPC') throw error;
    }
  }
}

/** The soft limit alone: it can be lifted again. Node ignores SIGXFSZ, so that a write fails with EFBIG. */
function limitFiles(pid: number, soft: string): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${soft}:unlimited`]);
}
