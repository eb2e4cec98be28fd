import { expect } from 'chai'
import fc from 'fast-check'
import { chooseDirect, shortlist } from '../../src/market/choose-direct.ts'
import { MeshFixture, modelIn, ownerOf } from '../support/mesh-fixtures.ts'
import { testPeerSigner } from '../support/test-crypto.ts'
import type { Candidate, DirectNeed, Load } from '../../src/market/interface.ts'
import type { Hex } from '@duckmesh/proto'

const mesh = new MeshFixture()
const need: DirectNeed = { modelId: modelIn(3), inBucket: 128, maxTokens: 64, maxPrice: 10n ** 18n }
const keyOf = (label: string): Hex => testPeerSigner(label).peerKey
const idle: Load = { inFlight: 0, slots: 4, stepMs: 100 }

function candidate(label: string, priceOut: bigint, contextLength = 1_024): Candidate {
  const offer = mesh.offer(label)
  const [first] = offer.models
  const model = { ...(first ?? expect.fail()), priceIn: 0n, priceOut, contextLength }
  const envelope = { body: new Uint8Array(1), sig: new Uint8Array(64) }
  const entry = {
    offer,
    peerKey: keyOf(label),
    offerHash: modelIn(0),
    envelope,
    issuedAtMs: 0,
    seq: 0,
  }
  return { entry, model }
}

const loads = (all: Record<string, Load>): Map<Hex, Load> =>
  new Map(Object.entries(all).map(([label, load]) => [keyOf(label), load]))
const codes = (why: readonly { provider: Hex; code: string }[]) =>
  Object.fromEntries(why.map(({ provider, code }) => [provider, code]))

describe('direct choice', () => {
  it('takes the cheapest for the whole bucket and all tokens', () => {
    const list = shortlist(need, [candidate('a', 3_000n), candidate('b', 1_000n)])
    expect(list.probe.map(({ expectedPrice }) => expectedPrice)).to.deep.equal([64n, 192n])
    const choice = chooseDirect(list, loads({ a: idle, b: idle }))
    expect(choice.chosen?.entry.peerKey).to.equal(keyOf('b'))
    expect(choice.backups.map(({ entry }) => entry.peerKey)).to.deep.equal([keyOf('a')])
    expect(choice.why).to.have.length(1)
    expect(choice.why[0]?.why).to.equal('It asks 128 wei more.')
  })

  it('takes the least loaded at equal prices', () => {
    const list = shortlist(need, [candidate('a', 1_000n), candidate('b', 1_000n)])
    const busier = { ...idle, inFlight: 1 }
    expect(chooseDirect(list, loads({ a: busier, b: idle })).chosen?.entry.peerKey).to.equal(
      keyOf('b'),
    )
    expect(chooseDirect(list, loads({ a: idle, b: busier })).chosen?.entry.peerKey).to.equal(
      keyOf('a'),
    )
  })

  it('says why each other candidate is out', () => {
    const all = [
      candidate('excluded', 1n),
      candidate('dear', 10n ** 20n),
      candidate('short', 1n, 64),
      candidate('silent', 2n),
      candidate('busy', 3n),
      candidate('good', 4n),
      candidate('late', 5n),
    ]
    const list = shortlist({ ...need, exclude: [ownerOf('excluded')] }, all, 3)
    const choice = chooseDirect(list, loads({ busy: { ...idle, inFlight: 4 }, good: idle }))
    expect(choice.chosen?.entry.peerKey).to.equal(keyOf('good'))
    expect(codes(choice.why)).to.deep.equal({
      [ownerOf('excluded')]: 'PROVIDER_UNAVAILABLE',
      [ownerOf('dear')]: 'PRICE_ABOVE_CAP',
      [ownerOf('short')]: 'PROMPT_TOO_LONG',
      [ownerOf('silent')]: 'TIMED_OUT',
      [ownerOf('busy')]: 'PROVIDER_BUSY',
      [ownerOf('late')]: 'PROVIDER_UNAVAILABLE',
    })
  })

  it('keeps a provider whose context may just hold the prompt', () => {
    // The bucket of 128 may be a short prompt: one token and 64 of the answer fit into 65.
    expect(shortlist(need, [candidate('a', 1n, 65)]).probe).to.have.length(1)
    expect(shortlist(need, [candidate('a', 1n, 64)]).probe).to.have.length(0)
  })

  it('holds numbers against no context', () => {
    const { entry, model } = candidate('a', 1n, 64)
    const numbers = { task: 'embed' as const, width: 64, labels: [] }
    expect(shortlist(need, [{ entry, model: { ...model, numbers } }]).probe).to.have.length(1)
  })

  it('chooses nobody when all are refused, and takes a peer without slots for busy', () => {
    expect(chooseDirect(shortlist(need, []), new Map())).to.deep.equal({ backups: [], why: [] })
    const choice = chooseDirect(
      shortlist(need, [candidate('a', 1n)]),
      loads({ a: { inFlight: 0, slots: 0, stepMs: 0 } }),
    )
    expect(choice.chosen).to.equal(undefined)
    expect(choice.why[0]?.code).to.equal('PROVIDER_BUSY')
  })

  it('does not depend on the order of arrival and accounts for every candidate', () => {
    const labels = ['a', 'b', 'c', 'd', 'e', 'f']
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(3), fc.nat(4)), { minLength: 6, maxLength: 6 }),
        fc.shuffledSubarray(labels, { minLength: 6 }),
        (facts, order) => {
          const byLabel = new Map(
            labels.map((label, i) => [
              label,
              candidate(label, BigInt((facts[i]?.[0] ?? 0) * 1_000)),
            ]),
          )
          const load = loads(
            Object.fromEntries(
              labels.map((label, i) => [label, { ...idle, inFlight: facts[i]?.[1] ?? 0 }]),
            ),
          )
          const run = (names: readonly string[]) =>
            chooseDirect(
              shortlist(
                need,
                names.flatMap((name) => byLabel.get(name) ?? []),
              ),
              load,
            )
          const choice = run(order)
          expect(choice.chosen?.entry.peerKey).to.equal(run(labels).chosen?.entry.peerKey)
          expect(choice.why.length + (choice.chosen ? 1 : 0)).to.equal(6)
        },
      ),
      { numRuns: 50 },
    )
  })
})
