/** Files of spec/fixtures/, as the bytes that they are. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../../spec/fixtures');

export function fixture(path: string): Buffer {
  return readFileSync(join(root, path));
}

/** Name and bytes of every file of a folder. */
export function fixtures(folder: string): readonly (readonly [name: string, bytes: Buffer])[] {
  return readdirSync(join(root, folder)).map((name) => [name, fixture(join(folder, name))]);
}
