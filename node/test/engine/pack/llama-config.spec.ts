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

  const refused: Record<string, object> = {
    'another architecture': { model_type: 'mamba' },
    'scaled rotary positions': { rope_scaling: { rope_type: 'llama3' } },
    'attention biases': { attention_bias: true },
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
