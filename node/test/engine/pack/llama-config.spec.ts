import { expect } from 'chai'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseLlamaConfig } from '../../../src/engine/pack/llama-config.ts'
import { DUCKLING_SOURCE } from '../support/duckling.ts'
import { expectCode } from '../support/expect-code.ts'

async function config(changes: object): Promise<unknown> {
  const json = await readFile(path.join(DUCKLING_SOURCE, 'config.json'), 'utf8')
  return { ...(JSON.parse(json) as object), ...changes }
}

describe('engine/pack/llama-config', () => {
  it('reads the config of Duckling', async () => {
    const parsed = parseLlamaConfig(await config({}))
    expect(parsed).to.include({ layers: 4, heads: 6, kvHeads: 2, headSize: 32, vocabSize: 1024 })
    expect(parsed.eosTokenIds).to.deep.equal([1])
  })

  it('fills in what older configs leave out', async () => {
    const parsed = parseLlamaConfig(
      await config({ num_key_value_heads: undefined, head_dim: null }),
    )
    expect(parsed).to.include({ kvHeads: 6, headSize: 32 })
  })

  it('reads what Qwen and Mistral are', async () => {
    const qwen = { use_sliding_window: false, sliding_window: 32_768 }
    const second = parseLlamaConfig(await config({ model_type: 'qwen2', ...qwen }))
    expect(second).to.include({ inputBiases: true }).and.not.have.property('headNorms')
    const third = parseLlamaConfig(await config({ model_type: 'qwen3', attention_bias: false }))
    expect(third).to.include({ headNorms: true }).and.not.have.property('inputBiases')
    const mistral = parseLlamaConfig(await config({ model_type: 'mistral', sliding_window: null }))
    expect(mistral).to.deep.equal(parseLlamaConfig(await config({})))
  })

  it('finds the base of the rotation where newer configs have it', async () => {
    const rope = {
      rope_theta: undefined,
      rope_parameters: { rope_type: 'default', rope_theta: 5e5 },
    }
    expect(parseLlamaConfig(await config(rope)).ropeTheta).to.equal(500_000)
    expect(parseLlamaConfig(await config({ rope_theta: undefined })).ropeTheta).to.equal(10_000)
  })

  const refused: Record<string, object> = {
    'another architecture': { model_type: 'mamba' },
    'scaled rotary positions': { rope_scaling: { rope_type: 'llama3' } },
    'attention biases': { attention_bias: true },
    'a window of Qwen that is used': { model_type: 'qwen2', use_sliding_window: true },
    'layers that see a part only': { layer_types: ['sliding_attention'] },
    'other rotary parameters': { rope_parameters: { rope_type: 'yarn', factor: 4 } },
    'a part of a head that is rotated': { partial_rotary_factor: 0.5 },
    'a sliding window': { sliding_window: 4096 },
    'another activation': { hidden_act: 'gelu' },
    quantisation: { quantization_config: { bits: 4 } },
    'heads that do not divide': { num_key_value_heads: 4 },
    'an absurd vocabulary': { vocab_size: 2 ** 40 },
    'a fraction': { num_hidden_layers: 1.5 },
    'a head size that is not whole': { head_dim: null, num_attention_heads: 7 },
    'a head size that the attention kernel lacks': { head_dim: 24 },
    'an end token outside the vocabulary': { eos_token_id: 5000 },
    'no numbers': { hidden_size: '192' },
  }
  for (const [name, changes] of Object.entries(refused)) {
    it(`refuses ${name}`, async () => {
      const json = await config(changes)
      const { details } = await expectCode('MODEL_UNSUPPORTED', () => parseLlamaConfig(json))
      expect(details['field']).to.be.a('string')
    })
  }
})
