/** The golden conversations of spec/fixtures/flows: every row of what the gateway carries, over real sockets, octet for octet. */
import { expect } from 'chai';
import { readFlows } from './flows/flow.js';
import { replay } from './flows/replay.js';
import { Stage } from './flows/stage.js';

describe('golden conversations', () => {
  const flows = readFlows();
  let stage: Stage;

  before(async () => {
    stage = new Stage();
    await stage.open();
  });
  after(() => stage.close());

  for (const flow of flows) {
    it(`${flow.name}: ${flow.title}${flow.proves.map((number) => ` [${number}]`).join('')}`, () => replay(flow, stage));
  }

  it('have each a user of its own', () => {
    expect(new Set(flows.map(({ digits }) => digits)).size).to.equal(flows.length);
  });

  it('hold all that the gateway said', () => {
    expect(stage.unread).to.deep.equal([]);
  });
});
