import { expect } from 'chai'
import { modelIdOf } from '../src/model-id.ts'
import { shardOf } from '../src/shard.ts'
import { isTextModel, textModelId } from '../src/text-model.ts'
import { expectProtoError } from './support/expect-error.ts'

describe('text models', () => {
  it('have an id that follows from the name and says what they are', () => {
    const id = textModelId('llama-3.1-8b')
    expect(id).to.equal('0x01515bc7f64075760dbd750cedb95c71b132bac97574663878342e7465787431')
    expect(textModelId('llama-3.1-8b')).to.equal(id)
    expect(textModelId('llama-3.1-70b')).to.not.equal(id)
    expect(isTextModel(id)).to.equal(true)
  })

  it('are told from models with a manifest', () => {
    expect(isTextModel(modelIdOf(new TextEncoder().encode('{}')))).to.equal(false)
    expect(isTextModel(`0x${'00'.repeat(32)}`)).to.equal(false)
    expectProtoError(() => isTextModel('0x00'), 'MALFORMED_FRAME', 'modelId')
  })

  it('spread over the shards', () => {
    const shards = Array.from({ length: 200 }, (_, i) => shardOf(textModelId(`model-${i}`)))
    expect(new Set(shards).size).to.equal(16)
  })
})
