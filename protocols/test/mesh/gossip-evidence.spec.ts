/** Notices on the topic of evidence, and attacks on them (M-91). */
import { evidenceNoticeCodec, limits } from '@duckmesh/proto'
import type { EvidenceNotice } from '@duckmesh/proto'
import { expect } from 'chai'
import { evidenceTopic } from '../../src/mesh/topics.ts'
import { CTL_3, impostor, ownerOf } from '../support/mesh-fixtures.ts'
import { TEST_NETWORK, testPeerSigner } from '../support/test-crypto.ts'
import { MarketFixture } from './support/market-fixture.ts'

const EVIDENCE = evidenceTopic(TEST_NETWORK.name)

describe('gossip validator: evidence', () => {
  let mesh: MarketFixture

  beforeEach(async () => {
    mesh = new MarketFixture()
    await mesh.join('duck')
  })

  const notice = (label: string, changes: Partial<EvidenceNotice> = {}): EvidenceNotice => ({
    hash: `0x${'ab'.repeat(32)}`,
    kind: 'receipts',
    accused: ownerOf('fox'),
    size: 700,
    holder: testPeerSigner(label).peerKey,
    ...changes,
  })
  const seal = (label: string, changes = {}, body = {}): Promise<Uint8Array> => {
    const payload = evidenceNoticeCodec.encode(notice(label, changes))
    return mesh.seal(label, payload, { type: 'evidence', ...body })
  }

  const cases: [name: string, verdict: string, make: () => Promise<Uint8Array>, topic?: string][] =
    [
      ['a staked peer', 'accept', () => seal('duck')],
      ['a peer without known binding', 'ignore BINDING_UNKNOWN', () => seal('goose')],
      [
        'an unstaked peer with a binding',
        'ignore INVALID_PROVIDER',
        () => {
          mesh.stake.owners.clear()
          return seal('duck')
        },
      ],
      [
        'anybody while the chain view is stale',
        'ignore CHAIN_UNREACHABLE',
        () => {
          mesh.stake.unknown = true
          return seal('duck')
        },
      ],
      [
        'a notice that sends everybody to another peer',
        'reject BINDING_MISMATCH',
        () => seal('duck', { holder: testPeerSigner('goose').peerKey }),
      ],
      [
        'a forged envelope of a staked peer',
        'reject BAD_SIGNATURE',
        () => seal('duck', {}, { signer: impostor('duck', 'fox') }),
      ],
      [
        'an expired notice',
        'ignore ENVELOPE_STALE',
        () => seal('duck', {}, { issuedAtMs: mesh.clock.now() - 60_000 }),
      ],
      ['bytes that are no notice', 'reject MALFORMED_FRAME', () => garbage()],
      ['a notice on a topic of a shard', 'reject WRONG_TOPIC', () => seal('duck'), CTL_3],
      ['an offer on the topic of evidence', 'reject WRONG_TOPIC', () => mesh.sealOffer('duck')],
      ['a binding on the topic of evidence', 'reject WRONG_TOPIC', () => mesh.sealBinding('duck')],
    ]
  const garbage = (): Promise<Uint8Array> =>
    mesh.seal('duck', new Uint8Array(limits.MAX_SIGNED_BYTES).fill(255), { type: 'evidence' })

  for (const [name, expected, make, topic = EVIDENCE] of cases) {
    it(`${expected}: ${name}`, async () => {
      expect(await mesh.verdict(topic, await make())).to.equal(expected)
    })
  }

  it('ignores a replayed one', async () => {
    const data = await seal('duck')
    expect(await mesh.verdict(EVIDENCE, data)).to.equal('accept')
    expect(await mesh.verdict(EVIDENCE, data)).to.equal('ignore ENVELOPE_REPLAYED')
  })

  it('takes three at once and three a minute of a peer, whatever they tell of', async () => {
    const burst = async (count: number) => {
      let passed = 0
      for (let i = 0; i < count; i++) {
        const hash = `0x${String(i).padStart(64, '0')}` as const
        if ((await mesh.verdict(EVIDENCE, await seal('duck', { hash }))) === 'accept') passed++
      }
      return passed
    }
    expect(await burst(20)).to.equal(3)
    expect(await mesh.verdict(EVIDENCE, await seal('duck'))).to.equal('ignore RATE_LIMITED')
    for (let minute = 0; minute < 3; minute++) {
      mesh.clock.set(mesh.clock.now() + 60_000)
      expect(await burst(20)).to.equal(3)
    }
  })

  it('a flood of one peer takes nothing from another', async () => {
    for (let i = 0; i < 20; i++) await mesh.verdict(EVIDENCE, await seal('duck'))
    await mesh.join('goose')
    expect(await mesh.verdict(EVIDENCE, await seal('goose'))).to.equal('accept')
    expect(await mesh.verdict(CTL_3, await mesh.sealBinding('duck'))).to.equal('accept')
  })
})
