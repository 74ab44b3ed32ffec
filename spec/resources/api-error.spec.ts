import { expect } from 'chai';
import { ApiError } from '../../lib/resources/api-error.js';

describe('an error of the REST face', () => {
  it('says its text with its variables, and its status', () => {
    const error = new ApiError('SVC2008', ['message', 'm-1']);
    expect([error.message, error.status]).to.deep.equal(['Unknown message m-1', 404]);
  });

  it('has no stack, and takes none from errors that are faults', () => {
    expect(new ApiError('SVC1000').stack).not.to.include(' at ');
    expect(new Error('a fault').stack).to.include(' at ');
  });
});
