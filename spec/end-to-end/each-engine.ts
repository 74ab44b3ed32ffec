/** The same requirements wherever SIP is spoken: in the gateway, or in a drachtio server that it connects to. */
export type EngineName = 'embedded' | 'drachtio';

export function describeOnEachEngine(title: string, requirements: (engine: EngineName) => void): void {
  for (const engine of ['embedded', 'drachtio'] as const) {
    describe(`${title}, engine ${engine}`, () => requirements(engine));
  }
}
