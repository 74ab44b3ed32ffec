/** What every backend of the Store must do; each suite is named by the promise it tries to break. */
import { FakeClock } from '../../support/fake-clock.js';
import { describeItems } from './items.js';
import { describeLimits } from './limits.js';
import { describeLeases } from './leases.js';
import { describeModel } from './against-model.js';
import { describeRecords } from './records.js';
import { describeRestart } from './restart.js';
import type { Backend } from '../harness.js';
import type { Store } from '../../../lib/store/store.js';

/** What a suite works with: filled anew before each of its tests. */
export interface Fixture {
  clock: FakeClock;
  backend: Backend;
  store: Store;
}

/** `make` gives an empty place each time it is called. */
export function describeStore(name: string, make: () => Promise<Backend>): void {
  describe(`store: ${name} [IWF-1810]`, () => {
    const fixture = {} as Fixture;

    beforeEach(async () => {
      fixture.clock = new FakeClock();
      fixture.backend = await make();
      fixture.store = await fixture.backend.open(fixture.clock);
    });
    afterEach(async () => {
      await fixture.store.close();
      await fixture.backend.cleanUp();
    });

    describeRecords(fixture);
    describeItems(fixture);
    describeLeases(fixture);
    describeLimits(fixture);
    describeRestart(fixture);
    describeModel(fixture);
  });
}
