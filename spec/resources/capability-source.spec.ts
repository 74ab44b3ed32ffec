import { expect } from 'chai';
import {
  parseCapabilitySource,
  printCapabilitySource,
  printCapabilitySourceList,
} from '../../lib/resources/capability-source.js';
import { refused } from './failure.js';

const parse = (members: object) => parseCapabilitySource({ capabilitySource: members });
const owner = { serverRoot: 'https://gw.example', bot: 'sip:b@x' };
const place = 'https://gw.example/capabilitydiscovery/v1/sip%3Ab%40x/capabilitySources';

describe('capabilitySource', () => {
  it('is read with Enabled where no status stands', () => {
    const serviceCapability = [{ capabilityId: 'Chat' }, { capabilityId: 'filetransferhttp', status: 'disabled' }];
    expect(parse({ contactId: 'tel:+1', serviceCapability, resourceURL: 'http://evil' })).to.deep.equal({
      contactId: ['tel:+1'],
      serviceCapability: [
        { capabilityId: 'Chat', status: 'Enabled' },
        { capabilityId: 'FileTransferHttp', status: 'Disabled' },
      ],
    });
  });

  for (const role of ['ChatbotSession', 'ChatbotSA']) {
    it(`takes versions of ${role} alone that are such (RFC 3840 §9)`, () => {
      for (const version of ['#=1', '#=1,#=2', '#>=1', '#1:3', '#=1.5'])
        expect(parse({ serviceCapability: [{ capabilityId: role, version }] }).serviceCapability).to.have.length(1);
      for (const version of ['1', '#1', '#=', 'x#=1', '#=1x'])
        expect(refused(() => parse({ serviceCapability: [{ capabilityId: role, version }] }))).to.equal(
          'SVC0002 capabilitySource.serviceCapability[0].version',
        );
    });
  }

  it('names one contact at least, and ten thousand at most', () => {
    const named = (n: number) => ({ contactId: Array(n).fill('tel:+1'), serviceCapability: [] });
    expect(parse(named(10_000)).contactId).to.have.length(10_000);
    for (const n of [0, 10_001]) expect(refused(() => parse(named(n)))).to.equal('SVC0002 capabilitySource.contactId');
  });

  const source = {
    id: 'c1',
    serviceCapability: [
      { capabilityId: 'Chat', status: 'Enabled' },
      { capabilityId: 'FileTransfer', status: 'Disabled' },
    ],
  } as const;

  it('is printed with its place, and with the capabilities that stand as asked', () => {
    expect(printCapabilitySource(source, owner)).to.deep.equal({
      capabilitySource: { serviceCapability: source.serviceCapability, resourceURL: `${place}/c1` },
    });
    const disabled = printCapabilitySourceList([source], owner, 'Disabled');
    expect(disabled).to.deep.equal({
      capabilitySourceList: {
        capabilitySource: [
          {
            serviceCapability: [{ capabilityId: 'FileTransfer', status: 'Disabled' }],
            resourceURL: `${place}/c1`,
          },
        ],
        resourceURL: place,
      },
    });
  });
});
