/** The demo's configuration. */
import { fileURLToPath } from 'node:url';

/** Seen from dist/lib/demo/. */
export const demoFile = fileURLToPath(new URL('../../../config/demo.yaml', import.meta.url));
