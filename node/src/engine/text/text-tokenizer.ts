/** Tokenizer of a model that reads plain texts, as encoders do. */
import { z } from 'zod'
import { EngineError } from '../errors.ts'
import { createHfTokenizer } from './hf-tokenizer.ts'
import type { HfTokenizer } from './hf-tokenizer.ts'
import { longestTokenOf } from './longest-token.ts'

const jsonSchema = z.looseObject({ model: z.looseObject({}) })
const configSchema = z.looseObject({})

/** Encodes a text with the special tokens that the model expects around it. */
export class TextTokenizer {
  readonly #tokenizer: HfTokenizer
  /** Longest token in UTF-16 units: no text is shorter than its tokens allow. */
  readonly longestToken: number

  /**
   * @param tokenizerJson parsed tokenizer.json
   * @param tokenizerConfig parsed tokenizer_config.json
   * @throws MODEL_UNSUPPORTED when either has a form that cannot be honoured
   */
  constructor(tokenizerJson: unknown, tokenizerConfig: unknown) {
    try {
      this.#tokenizer = createHfTokenizer(
        jsonSchema.parse(tokenizerJson),
        configSchema.parse(tokenizerConfig),
      )
      this.longestToken = longestTokenOf(this.#tokenizer)
    } catch (cause) {
      const message = 'The tokenizer of the model cannot be read. Pack another model.'
      throw new EngineError('MODEL_UNSUPPORTED', message, { field: 'tokenizer' }, cause)
    }
  }

  encode(text: string): number[] {
    return this.#tokenizer.encode(text, { add_special_tokens: true }).ids
  }
}
