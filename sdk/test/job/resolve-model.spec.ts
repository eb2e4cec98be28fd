import { hexToBytes } from '@duckmesh/protocols'
import type { BookEntry } from '@duckmesh/protocols/market'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create } from 'multiformats/hashes/digest'
import { resolveModel } from '../../src/job/resolve-model.ts'
import { expectCode } from '../support/expect-code.ts'
import { MODEL, bookEntry, bytes32, modelOffer } from '../support/offers.ts'

const offers = [
  bookEntry({ n: 1 }),
  bookEntry({ n: 2, models: [modelOffer({ modelId: bytes32(5), name: 'mallard' })] }),
]
const cid = (code: number): string =>
  CID.createV1(raw.code, create(code, hexToBytes(MODEL))).toString()

describe('resolveModel', () => {
  for (const [kind, wanted] of [
    ['name', 'duckling'],
    ['id', MODEL],
    ['id in capitals', `0x${MODEL.slice(2).toUpperCase()}`],
    ['CID', cid(0x12)],
  ] as const) {
    it(`finds a model by its ${kind}`, () => {
      expect(resolveModel(wanted, offers).modelId).to.equal(MODEL)
    })
  }

  it('takes the model that most providers offer under a name, then the lower id', () => {
    const squatter = bookEntry({ n: 9, models: [modelOffer({ modelId: bytes32(1) })] })
    const honest = [bookEntry({ n: 1 }), bookEntry({ n: 2 })]
    expect(resolveModel('duckling', [squatter, ...honest]).modelId).to.equal(MODEL)
    const [one] = honest
    expect(resolveModel('duckling', [one!, squatter]).modelId).to.equal(bytes32(1))
  })

  it('believes most providers about the numbers of a model', () => {
    const honest = modelOffer({ numbers: { task: 'embed', width: 384, labels: [] } })
    const liar = modelOffer({ numbers: { task: 'embed', width: 1, labels: [] } })
    const entries = [liar, modelOffer(), honest, honest].map((model, n) =>
      bookEntry({ n: n + 1, models: [model] }),
    )
    expect(resolveModel('duckling', entries)).to.deep.equal(honest)
    expect(resolveModel('duckling', entries.reverse())).to.deep.equal(honest)
  })

  it('believes most providers about the class of a model, and takes the stricter of two', () => {
    const entries = (...classes: ('f32' | 'opaque')[]): BookEntry[] =>
      classes.map((determinism, n) =>
        bookEntry({ n: n + 1, models: [modelOffer({ determinism })] }),
      )
    const classOf = (offered: BookEntry[]): string => resolveModel('duckling', offered).determinism
    expect(classOf(entries('opaque', 'f32', 'f32'))).to.equal('f32')
    expect(classOf(entries('opaque', 'f32'))).to.equal('f32')
    expect(classOf(entries('f32', 'opaque', 'opaque'))).to.equal('opaque')
  })

  it('does not take a model whose name is the id of another', async () => {
    const squatter = bookEntry({ n: 9, models: [modelOffer({ modelId: bytes32(1), name: MODEL })] })
    await expectCode('MODEL_NOT_FOUND', () => resolveModel(MODEL, [squatter]))
  })

  it('says which models there are', async () => {
    for (const wanted of ['swan', bytes32(6), cid(0x13)]) {
      const error = await expectCode('MODEL_NOT_FOUND', () => resolveModel(wanted, offers))
      expect(error.details['offered']).to.deep.equal(['duckling', 'mallard'])
    }
  })

  it('says that nobody answered when there is no offer at all', async () => {
    await expectCode('PROVIDER_UNAVAILABLE', () => resolveModel('duckling', []))
  })
})
