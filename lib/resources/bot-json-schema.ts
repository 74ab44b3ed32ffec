/** Bot JSON as far as its public schema binds it: cards, carousels, suggestions and their lengths (GSMA RCC.07 §3.6.10.4). Members that it does not name pass. */

type Form = Readonly<Record<string, unknown>>;
type Forms = Readonly<Record<string, Form>>;

const text = (maxLength?: number): Form => ({
  type: 'string',
  minLength: 1,
  ...(maxLength === undefined ? {} : { maxLength }),
});
const oneOf = (...values: readonly string[]): Form => ({ type: 'string', enum: values });
const list = (items: Form, minItems: number, maxItems: number): Form => ({ type: 'array', items, minItems, maxItems });
const anything: Form = { type: 'object' };

function object(properties: Forms, required: readonly string[] = [], more: Form = {}): Form {
  return { type: 'object', properties, required, ...more };
}

/** Exactly one of these members. */
function either(properties: Forms, more: Forms = {}, required: readonly string[] = []): Form {
  return object({ ...more, ...properties }, required, { exactlyOneOf: Object.keys(properties) });
}

const dialled = (more: Forms = {}): Form =>
  object({ phoneNumber: text(), fallbackUrl: text(), ...more }, ['phoneNumber']);

const actions: Forms = {
  urlAction: either({ openUrl: object({ url: text() }, ['url']) }),
  dialerAction: either({
    dialPhoneNumber: dialled(),
    dialEnrichedCall: dialled({ subject: { type: 'string', maxLength: 60 } }),
    dialVideoCall: dialled(),
  }),
  mapAction: either({
    showLocation: object(
      {
        location: object(
          { latitude: { type: 'number' }, longitude: { type: 'number' }, label: text(100), query: text(200) },
          [],
          { exactlyOneOf: ['latitude', 'query'], dependentRequired: { latitude: ['longitude'] } },
        ),
        fallbackUrl: text(),
      },
      ['location'],
    ),
    requestLocationPush: anything,
  }),
  calendarAction: either({
    createCalendarEvent: object(
      { startTime: text(), endTime: text(), title: text(100), description: text(500), fallbackUrl: text() },
      ['startTime', 'endTime', 'title'],
    ),
  }),
  composeAction: either({
    composeTextMessage: object({ phoneNumber: text(), text: { type: 'string', maxLength: 100 } }, [
      'phoneNumber',
      'text',
    ]),
    composeRecordingMessage: object({ phoneNumber: text(), type: oneOf('AUDIO', 'VIDEO') }, ['phoneNumber', 'type']),
  }),
  deviceAction: either({ requestDeviceSpecifics: anything }),
  settingsAction: either({ disableAnonymization: anything, enableDisplayedNotifications: anything }),
};

const chip: Forms = {
  displayText: text(25),
  postback: object({ data: { type: 'string', maxLength: 2048 } }, ['data']),
};
const suggestion = either({
  reply: object(chip, ['displayText']),
  action: either(actions, chip, ['displayText']),
});

const media = object(
  {
    mediaUrl: text(),
    mediaContentType: text(),
    mediaFileSize: { type: 'integer', minimum: 0 },
    thumbnailUrl: text(),
    thumbnailContentType: text(),
    thumbnailFileSize: { type: 'integer', minimum: 0 },
    height: oneOf('SHORT_HEIGHT', 'MEDIUM_HEIGHT', 'TALL_HEIGHT'),
  },
  ['mediaUrl', 'mediaContentType', 'mediaFileSize', 'height'],
  { dependentRequired: { thumbnailUrl: ['thumbnailContentType', 'thumbnailFileSize'] } },
);

const card = object({ media, title: text(200), description: text(2000), suggestions: list(suggestion, 1, 4) }, [], {
  someOf: ['media', 'title', 'description'],
});

const cardLayout = object(
  { cardOrientation: oneOf('VERTICAL', 'HORIZONTAL'), imageAlignment: oneOf('LEFT', 'RIGHT') },
  ['cardOrientation'],
  {
    if: { type: 'object', properties: { cardOrientation: { const: 'HORIZONTAL' } } },
    then: { type: 'object', required: ['imageAlignment'], properties: { imageAlignment: {} } },
  },
);

const message = either({
  generalPurposeCard: object({ layout: cardLayout, content: card }, ['layout', 'content']),
  generalPurposeCardCarousel: object(
    {
      layout: object({ cardWidth: oneOf('SMALL_WIDTH', 'MEDIUM_WIDTH') }, ['cardWidth']),
      content: list(card, 2, 12),
    },
    ['layout', 'content'],
  ),
});

const deviceSpecifics = object({
  deviceModel: text(10),
  platformVersion: text(20),
  clientVendor: text(4),
  clientVersion: text(15),
});

export const botJsonSchema: Form = either({
  message,
  suggestions: list(suggestion, 1, 11),
  response: anything,
  sharedData: object({ deviceSpecifics }),
});
