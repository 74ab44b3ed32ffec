import { expect } from 'chai';
import { type PrintedItem, printFrames, printItem } from '../../../lib/notify/delivery/printed.js';

const nothing = '{"chatSubscriptionCancellationNotification":{"notificationId":"n"}}';
const json: PrintedItem = { body: nothing };
const xml: PrintedItem = { body: nothing, format: 'XML' };

describe('a notification as it is sent', () => {
  it('is its JSON text as it is kept, or the same as XML', () => {
    expect(printItem(json)).to.deep.equal({ contentType: 'application/json', body: nothing });
    expect(printItem(xml)).to.deep.equal({
      contentType: 'application/xml',
      body:
        '<?xml version="1.0" encoding="UTF-8"?>\n<chat:chatSubscriptionCancellationNotification ' +
        'xmlns:chat="urn:oma:xml:rest:netapi:chat:1"><notificationId>n</notificationId>' +
        '</chat:chatSubscriptionCancellationNotification>',
    });
  });

  it('shares a frame of a WebSocket with its neighbours of the same form alone', () => {
    const forms = printFrames([json, json, xml, xml, json]).map((frame) => frame.split('notificationId').length);
    // Twice in each XML item: its tag opens and closes.
    expect(forms).to.deep.equal([3, 5, 2]);
    expect(printFrames([])).to.deep.equal([]);
  });
});
