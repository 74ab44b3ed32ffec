import { expect } from 'chai';
import { ApiError, apiErrors } from '../../lib/resources/api-error.js';

describe('an error of the REST face', () => {
  it('is one of the table of the API, with its status', () => {
    const statuses = Object.fromEntries(Object.entries(apiErrors).map(([id, { status }]) => [id, status]));
    expect(statuses).to.deep.equal({
      ...{ SVC0001: 500, SVC0002: 400, SVC0003: 400, SVC0004: 400, SVC0005: 409, SVC0280: 400 },
      ...{ SVC1000: 503, SVC2008: 404 },
      ...{ POL0001: 403, POL0002: 403, POL0003: 403, POL0011: 403, POL1009: 403, POL1010: 403 },
      ...{ POL1023: 403, POL2006: 403 },
    });
  });

  it('says its text with its variables, and its status', () => {
    const error = new ApiError('SVC2008', ['message', 'm-1']);
    expect([error.message, error.status]).to.deep.equal(['Unknown message m-1', 404]);
  });

  it('has no stack, and takes none from errors that are faults', () => {
    expect(new ApiError('SVC1000').stack).not.to.include(' at ');
    expect(new Error('a fault').stack).to.include(' at ');
  });
});
