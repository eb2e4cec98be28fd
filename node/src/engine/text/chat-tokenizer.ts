import { Template } from '@huggingface/jinja'
import { z } from 'zod'
import { EngineError } from '../errors.ts'
import type { ChatMessage } from '../interface.ts'
import { JsonGuide, TokenOrder } from '../json/json-guide.ts'
import { tokenBytes } from '../json/token-bytes.ts'
import { ControlTokenGuard } from './control-token-guard.ts'
import { createHfTokenizer } from './hf-tokenizer.ts'
import type { HfTokenizer } from './hf-tokenizer.ts'
import { longestTokenOf } from './longest-token.ts'

const addedTokenSchema = z.looseObject({
  id: z.number().int().nonnegative(),
  content: z.string().min(1),
  special: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
})
const tokenizerSchema = z.looseObject({
  added_tokens: z.array(addedTokenSchema).default([]),
  model: z.looseObject({}),
})
const namedToken = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish()
const configSchema = z.looseObject({
  chat_template: z.string(),
  bos_token: namedToken,
  eos_token: namedToken,
})

/** Tokenizer and chat template of a Hugging Face model folder. */
export class ChatTokenizer {
  readonly #full: HfTokenizer
  /** The same tokenizer without control tokens: whatever it is given stays text. */
  readonly #plain: HfTokenizer
  readonly #template: Template
  readonly #guard: ControlTokenGuard
  readonly #controlIds: ReadonlySet<number>
  /** Bytes of each token, for JSON mode; null when the tokenizer is not byte-level. */
  readonly #tokenBytes: readonly (Uint8Array | null)[] | null
  readonly #templateTokens: { bos_token: string; eos_token: string }
  #tokenOrder: TokenOrder | null = null
  /** Longest token in UTF-16 units: no text is shorter than its tokens allow. */
  readonly longestToken: number

  /**
   * @param tokenizerJson parsed tokenizer.json
   * @param tokenizerConfig parsed tokenizer_config.json
   * @throws MODEL_UNSUPPORTED when either has a form that cannot be honoured
   */
  constructor(tokenizerJson: unknown, tokenizerConfig: unknown) {
    try {
      const json = tokenizerSchema.parse(tokenizerJson)
      const config = configSchema.parse(tokenizerConfig)
      const control = json.added_tokens.filter((token) => token.special)
      const rest = json.added_tokens.filter((token) => !token.special)
      this.#full = createHfTokenizer(json, config)
      this.#plain = createHfTokenizer({ ...json, added_tokens: rest }, config)
      this.#template = new Template(config.chat_template)
      this.#guard = new ControlTokenGuard(control)
      this.#controlIds = new Set(control.map((token) => token.id))
      this.#templateTokens = {
        bos_token: tokenText(config.bos_token),
        eos_token: tokenText(config.eos_token),
      }
      this.#tokenBytes = tokenBytes(json, this.#full.get_vocab(true))
      this.longestToken = longestTokenOf(this.#full)
    } catch (cause) {
      const message =
        'The tokenizer or chat template of the model cannot be read. Pack another model.'
      throw new EngineError('MODEL_UNSUPPORTED', message, { field: 'tokenizer' }, cause)
    }
  }

  /**
   * Token ids of a conversation, ready for the assistant's answer. Control tokens come from the
   * template alone; in message contents they are plain text. Throws CHAT_TEMPLATE_FAILED.
   */
  encodeChat(messages: readonly ChatMessage[]): number[] {
    const marker = this.#guard.marker(messages.map(({ content }) => content))
    const prompt = this.#render(
      messages.map(({ role, content }) => ({ role, content: this.#guard.defuse(content, marker) })),
    )
    return this.#guard
      .split(prompt, marker)
      .flatMap((segment) => ('text' in segment ? this.encodeText(segment.text) : segment.control))
  }

  /** Token ids of plain text; no control token can come out. */
  encodeText(text: string): number[] {
    const { ids } = this.#plain.encode(text, { add_special_tokens: false })
    if (!ids.some((id) => this.#controlIds.has(id))) return ids
    const message = 'The text would become a control token of the model. Change the message.'
    throw new EngineError('REQUEST_INVALID', message, { field: 'messages' })
  }

  /** Text of token ids; control tokens have none. Bytes that are no UTF-8 become U+FFFD. */
  decode(ids: readonly number[]): string {
    const visible = ids.filter((id) => !this.#controlIds.has(id))
    if (visible.length === 0) return ''
    return this.#full.decode(visible, { clean_up_tokenization_spaces: false })
  }

  /**
   * A guide for one answer in JSON mode. Throws REQUEST_INVALID when the tokens of the model are no
   * byte strings, so that what may follow cannot be told.
   */
  createJsonGuide(eosTokenIds: readonly number[]): JsonGuide {
    if (this.#tokenBytes === null) {
      const message = 'The tokenizer of this model does not allow JSON mode. Ask for plain text.'
      throw new EngineError('REQUEST_INVALID', message, { field: 'format' })
    }
    this.#tokenOrder ??= new TokenOrder(this.#tokenBytes)
    return new JsonGuide(this.#tokenBytes, this.#tokenOrder, eosTokenIds)
  }

  #render(messages: ChatMessage[]): string {
    try {
      return this.#template.render({
        ...this.#templateTokens,
        messages,
        add_generation_prompt: true,
      })
    } catch (cause) {
      const message =
        "The model's chat template refuses these messages. Check their roles and their order."
      throw new EngineError('CHAT_TEMPLATE_FAILED', message, {}, cause)
    }
  }
}

function tokenText(token: z.infer<typeof namedToken>): string {
  return typeof token === 'string' ? token : (token?.content ?? '')
}
