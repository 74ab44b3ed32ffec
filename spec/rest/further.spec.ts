import { expect } from 'chai';
import type { CapabilitySource } from '../../lib/resources/capability-source.js';
import type { PrivacyCommandStatus } from '../../lib/resources/privacy-command.js';
import { defaultRestLimits } from '../../lib/rest/deps.js';
import type { FurtherActions } from '../../lib/rest/further-actions.js';
import { bot, botPath, type Face, openFace, serverRoot } from './fake-gateway.js';

const dateTime = '2026-11-22T10:00:00Z';
const report = { reportId: 'r 1', senderAddress: 'tel:+1', chatbot: bot, messageId: ['m'], dateTime };
const command = { commandId: 'c/1', action: 'FetchSettings', senderAddress: 'tel:+1', dateTime };

/** Services in memory: one report, one command, sources as they come. */
function services(): {
  further: FurtherActions;
  answered: PrivacyCommandStatus[];
  correlators: (string | undefined)[];
} {
  const sources = new Map<string, CapabilitySource>();
  const answered: PrivacyCommandStatus[] = [];
  const correlators: (string | undefined)[] = [];
  let reports = [report];
  const further: FurtherActions = {
    capabilitySources: {
      create: (_bot, request, idempotency) => {
        const source = { ...request, id: `i ${sources.size + 1}` };
        sources.set(source.id, source);
        correlators.push(idempotency?.correlator);
        return Promise.resolve(source);
      },
      list: () => Promise.resolve([...sources.values()]),
      get: (_bot, id) => Promise.resolve(sources.get(id)),
      replace: (_bot, id, request) => {
        if (sources.has(id)) sources.set(id, { ...request, id });
        return Promise.resolve(sources.get(id));
      },
      remove: (_bot, id) => Promise.resolve(sources.delete(id)),
    },
    spamReports: {
      list: () => Promise.resolve(reports),
      get: (_bot, id) => Promise.resolve(reports.find(({ reportId }) => reportId === id)),
      remove: (_bot, id) => {
        const before = reports.length;
        reports = reports.filter(({ reportId }) => reportId !== id);
        return Promise.resolve(reports.length < before);
      },
    },
    privacyCommands: {
      get: (_bot, contact, id) => Promise.resolve(contact === 'tel:+1' && id === 'c/1' ? command : undefined),
      answer: (_bot, _contact, id, status) => {
        if (id === 'c/1') answered.push(status);
        return Promise.resolve(id === 'c/1');
      },
    },
  };
  return { further, answered, correlators };
}

const unknown = (what: string) => [404, `SVC2008 ${what}`];

describe('rest/routes/capability-sources', () => {
  let face: Face;
  let correlators: (string | undefined)[];
  beforeEach(async () => {
    const { further, correlators: seen } = services();
    correlators = seen;
    face = await openFace({ further });
  });
  afterEach(() => face.close());
  const path = `/capabilitydiscovery/v1/${botPath}/capabilitySources`;
  const source = {
    clientCorrelator: 'c',
    contactId: ['tel:+1'],
    serviceCapability: [
      { capabilityId: 'ChatbotSession', version: '#=1' },
      { capabilityId: 'Chat', status: 'Disabled' },
    ],
  };
  const shown = {
    ...source,
    serviceCapability: [
      { capabilityId: 'ChatbotSession', status: 'Enabled', version: '#=1' },
      { capabilityId: 'Chat', status: 'Disabled' },
    ],
    resourceURL: `${serverRoot}${path}/i%201`,
  };

  it('creates, shows, lists, replaces and takes back', async () => {
    const created = await face.call('POST', path, { capabilitySource: source });
    expect([created.status, created.headers.get('location')]).to.deep.equal([201, shown.resourceURL]);
    expect(created.body).to.deep.equal({ capabilitySource: shown });
    expect(correlators).to.deep.equal(['c']);
    expect((await face.call('GET', `${path}/i%201`)).body).to.deep.equal({ capabilitySource: shown });
    expect((await face.call('GET', path)).body).to.deep.equal({
      capabilitySourceList: { capabilitySource: [shown], resourceURL: serverRoot + path },
    });
    const replaced = await face.call('PUT', `${path}/i%201`, { capabilitySource: { serviceCapability: [] } });
    expect([replaced.status, replaced.body]).to.deep.equal([
      200,
      { capabilitySource: { serviceCapability: [], resourceURL: shown.resourceURL } },
    ]);
    expect((await face.call('DELETE', `${path}/i%201`)).status).to.equal(204);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const body = method === 'PUT' ? { capabilitySource: source } : undefined;
      const reply = await face.call(method, `${path}/i%201`, body);
      expect([reply.status, reply.refusal]).to.deep.equal(unknown('capabilitySource'));
    }
  });

  it('shows what stands as the filter says', async () => {
    await face.call('POST', path, { capabilitySource: source });
    const ids = async (filter: string) => {
      const { text, status } = await face.call('GET', `${path}/i%201?statusFilter=${filter}`);
      return [status, ...[...text.matchAll(/"capabilityId":"(\w+)"/g)].map(([, id]) => id)];
    };
    expect(await ids('enabled')).to.deep.equal([200, 'ChatbotSession']);
    expect(await ids('Disabled')).to.deep.equal([200, 'Chat']);
    expect(await ids('All')).to.deep.equal([200, 'ChatbotSession', 'Chat']);
    expect(await ids('some')).to.deep.equal([400]);
  });

  it('answers in full who says something, whatever filter he names', async () => {
    for (const filter of ['some', 'Disabled']) {
      const created = await face.call('POST', `${path}?statusFilter=${filter}`, { capabilitySource: source });
      expect([created.status, created.body]).to.deep.equal([
        201,
        { capabilitySource: { ...shown, resourceURL: created.headers.get('location') } },
      ]);
      const url = `${path}/i%201?statusFilter=${filter}`;
      const replaced = await face.call('PUT', url, { capabilitySource: source });
      expect([replaced.status, replaced.body]).to.deep.equal([200, { capabilitySource: shown }]);
    }
  });

  it('refuses what it does not know [IWF-516]', async () => {
    const refusal = async (members: object) => (await face.call('POST', path, { capabilitySource: members })).refusal;
    expect(await refusal({})).to.equal('SVC0002 capabilitySource.serviceCapability');
    expect(await refusal({ serviceCapability: [{ capabilityId: 'Fax' }] })).to.equal(
      'SVC0003 capabilitySource.serviceCapability[0].capabilityId',
    );
    expect(await refusal({ ...source, contactId: ['nobody'] })).to.equal('SVC0002 capabilitySource.contactId[0]');
    expect(await refusal({ serviceCapability: { capabilityId: 'Chat', version: 'a\r\nb' } })).to.equal(
      'SVC0002 capabilitySource.serviceCapability[0].version',
    );
  });

  it('refuses a version that is none, by POST and by PUT', async () => {
    const versioned = (version: string, capabilityId = 'ChatbotSession') => ({
      capabilitySource: { serviceCapability: [{ capabilityId: 'Chat' }, { capabilityId, version }] },
    });
    for (const version of ['#=1', '#=1,#=2', '#=1, #>=2', '#>1', '#1:2', '#=1.5'])
      expect((await face.call('POST', path, versioned(version))).status, version).to.equal(201);
    for (const version of ['1', '=1', '#1', '#=', '#=one', '#=1;#=2', '#=1,', '#==1', ' '])
      for (const [method, url] of [
        ['POST', path],
        ['PUT', `${path}/i%201`],
      ] as const)
        expect((await face.call(method, url, versioned(version, 'ChatbotSA'))).refusal, version).to.equal(
          'SVC0002 capabilitySource.serviceCapability[1].version',
        );
  });
});

describe('rest/routes/spam-reports, rest/routes/alias-management', () => {
  let face: Face;
  let answered: PrivacyCommandStatus[];
  beforeEach(async () => {
    const { further, answered: seen } = services();
    answered = seen;
    face = await openFace({ further });
  });
  afterEach(() => face.close());

  it('lists, shows and forgets spam reports [IWF-703]', async () => {
    const path = `/spamreport/v1/${botPath}/reports`;
    const shown = { ...report, resourceURL: `${serverRoot}${path}/r%201` };
    expect((await face.call('GET', path)).body).to.deep.equal({
      spamReportList: { spamReport: [shown], resourceURL: serverRoot + path },
    });
    expect((await face.call('GET', `${path}/r%201`)).body).to.deep.equal({ spamReport: shown });
    expect((await face.call('DELETE', `${path}/r%201`)).status).to.equal(204);
    for (const method of ['GET', 'DELETE']) {
      const reply = await face.call(method, `${path}/r%201`);
      expect([reply.status, reply.refusal]).to.deep.equal(unknown('spamReport'));
    }
  });

  it('shows privacy commands and takes their answers [IWF-813]', async () => {
    const path = `/aliasmgmt/v1/${botPath}/tel%3A%2B1/commands`;
    expect((await face.call('GET', `${path}/c%2F1`)).body).to.deep.equal({
      privacyCommand: { ...command, resourceURL: `${serverRoot}${path}/c%2F1` },
    });
    const put = (id: string, status: object) =>
      face.call('PUT', `${path}/${id}/status`, { privacyCommandStatus: status });
    expect((await put('c%2F1', { result: 'success', setting: 'on', alias: 'sip:t@x' })).status).to.equal(204);
    expect(answered).to.deep.equal([{ result: 'Success', setting: 'On', alias: 'sip:t@x' }]);
    expect((await put('c%2F1', { result: 'maybe' })).refusal).to.equal('SVC0003 privacyCommandStatus.result');
    for (const reply of [await put('x', { result: 'Failed' }), await face.call('GET', `${path}/x`)])
      expect([reply.status, reply.refusal]).to.deep.equal(unknown('command'));
    const nobody = await face.call('GET', `/aliasmgmt/v1/${botPath}/nobody/commands/x`);
    expect(nobody.refusal).to.equal('SVC0004 contactId');
  });
});

describe('rest: services that are absent', () => {
  let face: Face;
  beforeEach(async () => (face = await openFace()));
  afterEach(() => face.close());

  it('403 POL2006 naming them', async () => {
    const paths: [path: string, feature: string][] = [
      [`/capabilitydiscovery/v1/${botPath}/capabilitySources/i`, 'capability sources'],
      [`/spamreport/v1/${botPath}/reports`, 'spam reports'],
      [`/aliasmgmt/v1/${botPath}/tel:1/commands/c/status`, 'privacy commands'],
    ];
    for (const [path, feature] of paths) {
      const reply = await face.call('GET', path);
      expect([reply.status, reply.refusal]).to.deep.equal([403, `POL2006 ${feature}`]);
    }
  });
});

describe('rest/routes/capability-discovery: a list of contacts', () => {
  let face: Face;
  beforeEach(async () => (face = await openFace()));
  afterEach(() => face.close());
  const path = `/capabilitydiscovery/v1/${botPath}/contactCapabilities`;
  const ask = (contactId: unknown, query = '') => face.call('POST', path + query, { adhocContactList: { contactId } });
  interface List {
    readonly contactServiceCapabilitiesList: {
      readonly contactServiceCapabilities: readonly {
        readonly contactId: string;
        readonly serviceCapability: readonly object[];
        readonly serviceException?: { readonly messageId: string };
        readonly policyException?: { readonly messageId: string };
      }[];
    };
  }
  const rows = (body: unknown) => (body as List).contactServiceCapabilitiesList.contactServiceCapabilities;

  it('a row for each contact in the order asked, failures in theirs [IWF-502]', async () => {
    const contacts = ['tel:+1', 'tel:+404', 'nobody', ...Array.from({ length: 20 }, (_, n) => `tel:${n}`), 'tel:+503'];
    const reply = await ask(contacts);
    expect(reply.status).to.equal(200);
    const list = rows(reply.body);
    expect(list.map(({ contactId }) => contactId)).to.deep.equal(contacts);
    const failures = list.map((row) => row.serviceException?.messageId ?? `${row.serviceCapability.length}`);
    expect(failures).to.deep.equal(['1', 'SVC2008', 'SVC0004', ...Array<string>(20).fill('1'), 'SVC1000']);
  });

  it('filters by status, and asks the network on demand [IWF-518]', async () => {
    expect(rows((await ask('tel:1', '?statusFilter=Disabled&refresh')).body)[0]?.serviceCapability).to.have.length(0);
    expect(face.gateway.asked.at(-1)?.refresh).to.equal(true);
    expect((await ask('tel:1', '?statusFilter=x')).refusal).to.equal('SVC0003 statusFilter');
  });

  it('takes up to 100 contacts [IWF-518]', async () => {
    const contacts = Array.from({ length: 101 }, (_, n) => `tel:${n}`);
    expect(rows((await ask(contacts.slice(1))).body)).to.have.length(100);
    const reply = await ask(contacts);
    expect([reply.status, reply.refusal]).to.deep.equal([403, 'POL0003 adhocContactList.contactId']);
  });

  it('says in the row that the hour is used up [IWF-509]', async () => {
    await face.close();
    face = await openFace({ limits: { ...defaultRestLimits, contactsPerHour: 1 } });
    const list = rows((await ask(['tel:1', 'tel:2'])).body);
    expect(list.map((row) => row.policyException?.messageId)).to.deep.equal([undefined, 'POL0001']);
  });

  it('a fault of ours is a 500 for the whole', async () => {
    face.gateway.failure = new Error('bug');
    expect((await ask(['tel:1', 'tel:2'])).status).to.equal(500);
  });
});
