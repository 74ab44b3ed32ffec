/** A log that keeps its lines, for specs that wait for what the gateway says. */
import type { Fields, Logger } from '../../lib/log.js';

export interface Line {
  readonly event: string;
  readonly fields: Fields;
}

export class KeptLog implements Logger {
  readonly lines: Line[] = [];
  private readonly watchers = new Set<() => void>();

  debug(event: string, fields: Fields = {}): void {
    this.keep(event, fields);
  }

  info(event: string, fields: Fields = {}): void {
    this.keep(event, fields);
  }

  warn(event: string, fields: Fields = {}): void {
    this.keep(event, fields);
  }

  error(event: string, fields: Fields = {}): void {
    this.keep(event, fields);
  }

  /** The first such line, which may have been written already. */
  async waitFor(event: string, fits: (fields: Fields) => boolean = () => true, timeoutMs = 8000): Promise<Fields> {
    const find = (): Line | undefined => this.lines.find((line) => line.event === event && fits(line.fields));
    const found = find();
    if (found) return found.fields;
    return new Promise((resolve, reject) => {
      const watcher = (): void => {
        const line = find();
        if (!line) return;
        done();
        resolve(line.fields);
      };
      const done = (): void => {
        clearTimeout(timer);
        this.watchers.delete(watcher);
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`no line ${event}; there were: ${this.lines.map((line) => line.event).join(', ')}`));
      }, timeoutMs);
      this.watchers.add(watcher);
    });
  }

  private keep(event: string, fields: Fields): void {
    this.lines.push({ event, fields });
    for (const watcher of this.watchers) watcher();
  }
}
