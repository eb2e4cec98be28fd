/** A model folder in @huggingface/transformers: the program that most people run such folders with. */
import { basename, dirname } from 'node:path'
import type { PreTrainedModel, PreTrainedTokenizer, Tensor } from '@huggingface/transformers'

interface Message {
  readonly role: string
  readonly content: string
}

/** How long answers get; with a least length they do not end before it. */
export interface AnswerLength {
  readonly maxTokens: number
  readonly minTokens?: number
}

/** One answer: its ids, as far as its end token, and its text. */
export interface TransformersAnswer {
  readonly ids: number[]
  readonly text: string
}

/** A tokenizer and a graph in float32, on one thread as the engine has it. */
export class TransformersModel {
  readonly #tokenizer: PreTrainedTokenizer
  readonly #model: PreTrainedModel

  private constructor(tokenizer: PreTrainedTokenizer, model: PreTrainedModel) {
    this.#tokenizer = tokenizer
    this.#model = model
    // The tokens to go on from must lie beside each other at the end of each row.
    this.#tokenizer.padding_side = 'left'
  }

  /** Opens a folder with config.json, tokenizer files and onnx/model.onnx; asks no network. */
  static async open(folder: string): Promise<TransformersModel> {
    // Loaded by those who measure it only: it brings much along.
    const { AutoModelForCausalLM, AutoTokenizer, env } = await import('@huggingface/transformers')
    env.allowRemoteModels = false
    env.useFSCache = false
    env.localModelPath = `${dirname(folder)}/`
    const name = basename(folder)
    const options = {
      dtype: 'fp32',
      device: 'cpu',
      session_options: {
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      },
    } as const
    const model = await AutoModelForCausalLM.from_pretrained(name, options)
    return new TransformersModel(await AutoTokenizer.from_pretrained(name), model)
  }

  /** Chat template with the beginning of the answer. */
  render(messages: readonly Message[]): string {
    const options = { add_generation_prompt: true, tokenize: false } as const
    return this.#tokenizer.apply_chat_template<false>([...messages], options)
  }

  /** Greedy answers to conversations, all in one batch, padded to the longest. */
  async answer(
    conversations: readonly (readonly Message[])[],
    { maxTokens, minTokens = 0 }: AnswerLength,
  ): Promise<TransformersAnswer[]> {
    const prompts = conversations.map((messages) => this.render(messages))
    const inputs = this.#tokenizer(prompts, { padding: true, add_special_tokens: false }) as {
      input_ids: Tensor
    }
    const sampling = { do_sample: false, max_new_tokens: maxTokens, min_new_tokens: minTokens }
    const output = (await this.#model.generate({ ...inputs, ...sampling })) as Tensor
    const promptTokens = inputs.input_ids.dims[1] ?? 0
    const rows = (output.tolist() as bigint[][]).map((row) => row.slice(promptTokens).map(Number))
    return rows.map((row) => this.#answerOf(row))
  }

  async close(): Promise<void> {
    await this.#model.dispose()
  }

  /** What follows the end token in a batch is padding. */
  #answerOf(row: number[]): TransformersAnswer {
    const end = row.findIndex((id) => this.#endTokens.includes(id))
    const ids = end < 0 ? row : row.slice(0, end + 1)
    return { ids, text: this.#tokenizer.decode(ids, { skip_special_tokens: true }) }
  }

  get #endTokens(): readonly number[] {
    const { eos_token_id: end } = this.#model.config as { eos_token_id?: number | number[] }
    return [end ?? []].flat()
  }
}
