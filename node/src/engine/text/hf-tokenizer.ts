import { Tokenizer } from '@huggingface/tokenizers'

/** The part of @huggingface/tokenizers that is used; its own declarations do not resolve in ESM. */
export interface HfTokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] }
  decode(ids: readonly number[], options: { clean_up_tokenization_spaces: boolean }): string
  get_vocab(withAddedTokens: boolean): ReadonlyMap<string, number>
}

const HfTokenizerClass = Tokenizer as unknown as new (json: object, config: object) => HfTokenizer

/** Makes a tokenizer from parsed tokenizer.json and tokenizer_config.json. Throws on a form it lacks. */
export function createHfTokenizer(json: object, config: object): HfTokenizer {
  return new HfTokenizerClass(json, config)
}
