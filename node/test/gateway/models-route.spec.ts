import type { Hex, ModelOffer } from '@duckmesh/protocols'
import type { BookEntry } from '@duckmesh/protocols/market'
import { expect } from 'chai'
import { listModels } from '../../src/gateway/models-route.ts'
import { FakeGateway } from './fake-gateway.ts'

const id = (byte: string): Hex => `0x${byte.repeat(32)}`

function model(over: Partial<ModelOffer> = {}): ModelOffer {
  const prices = { priceIn: 250n, priceOut: 1_000n }
  const base = { modelId: id('3a'), name: 'duckling', determinism: 'f32' as const }
  return { ...base, ...prices, contextLength: 512, ...over }
}

function offerOf(...models: ModelOffer[]): BookEntry {
  return {
    offer: { provider: `0x${'01'.repeat(20)}`, models, expiryMs: 30_000, slots: 4 },
    peerKey: id('05'),
    offerHash: id('06'),
    envelope: { body: new Uint8Array(), sig: new Uint8Array() },
    issuedAtMs: 0,
    seq: 1,
  }
}

describe('listModels', () => {
  it('gives each model once, with its providers and lowest prices', () => {
    const cheap = model({ priceIn: 100n, priceOut: 2_000n })
    expect(listModels([offerOf(model()), offerOf(cheap)])).to.deep.equal([
      {
        id: 'duckling',
        object: 'model',
        created: 0,
        owned_by: 'duckmesh',
        duckmesh: {
          modelId: id('3a'),
          determinism: 'f32',
          contextLength: 512,
          task: 'chat',
          providers: 2,
          lowestPriceIn: '100',
          lowestPriceOut: '1000',
        },
      },
    ])
  })

  it('gives a name to the model that most providers offer, and the others their ids', () => {
    const [two, low, high] = [model(), model({ modelId: id('11') }), model({ modelId: id('ff') })]
    const listed = listModels([offerOf(high), offerOf(two, low), offerOf(two)])
    expect(listed.map((one) => one.id)).to.deep.equal(['duckling', id('11'), id('ff')])
    expect(listed[0]?.duckmesh.modelId).to.equal(id('3a'))
  })

  it('tells the task of a model whose answer is numbers, as most of its providers do', () => {
    const numbers = { task: 'classify' as const, width: 2, labels: ['sad', 'glad'] }
    const liar = model({ numbers: { ...numbers, labels: ['glad', 'sad'] } })
    const honest = model({ numbers })
    const [listed] = listModels([offerOf(liar), offerOf(honest), offerOf(honest)])
    expect(listed?.duckmesh).to.deep.include(numbers)
    const bare = model({ numbers: { task: 'embed', width: 3, labels: [] } })
    const [embedder] = listModels([offerOf(bare)])
    expect(embedder?.duckmesh).to.include({ task: 'embed', width: 3 })
    expect(embedder?.duckmesh).to.not.have.property('labels')
  })

  it('is empty when nobody offers anything', () => {
    expect(listModels([])).to.deep.equal([])
  })
})

describe('GET /v1/models', () => {
  it('lists what is offered, as OpenAI does', async () => {
    const gateway = new FakeGateway()
    gateway.client.book = [offerOf(model())]
    const { body } = await gateway.get('/v1/models')
    expect(body['object']).to.equal('list')
    expect(body['data']).to.have.length(1)
  })

  it('gives one by its name or its id', async () => {
    const gateway = new FakeGateway()
    gateway.client.book = [offerOf(model())]
    for (const name of ['duckling', id('3a'), id('3A')]) {
      const { body, status } = await gateway.get(`/v1/models/${name}`)
      expect(status, name).to.equal(200)
      expect(body).to.include({ id: 'duckling', object: 'model' })
    }
  })

  it('answers 404 for another, and says what is offered', async () => {
    const gateway = new FakeGateway()
    gateway.client.book = [offerOf(model())]
    const { error, status } = await gateway.get('/v1/models/swan')
    expect(status).to.equal(404)
    expect(error).to.include({ code: 'model_not_found', param: 'model' })
    expect(error.message).to.match(/^Nobody offers "swan"; offered: duckling\./)
  })
})
