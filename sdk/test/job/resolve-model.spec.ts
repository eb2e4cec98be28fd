import { hexToBytes } from '@duckmesh/protocols'
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
