/** Tests: the engine's tokenizer gives the ids that @huggingface/transformers gives, on fuzzed texts and chats. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AutoTokenizer, env } from '@huggingface/transformers'
import type { PreTrainedTokenizer } from '@huggingface/transformers'
import { expect } from 'chai'
import fc from 'fast-check'
import { testFolder } from '../support/test-root.ts'
import { DUCKLING, TokenIds } from './node-programs.ts'

/** Bos and eos, a system message, roles by position, white space that is trimmed. */
const OTHER_TEMPLATE =
  "{{- bos_token }}\n{%- for message in messages %}\n  {%- if message['role'] == 'system' and loop.first %}" +
  "\n    {{- 'System: ' + message['content'] | trim + '\\n\\n' }}\n  {%- else %}" +
  "\n    {{- '[' + message['role'] + ' ' + loop.index0 | string + '] ' + message['content'] | trim }}" +
  "\n    {%- if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}\n  {%- endif %}\n{%- endfor %}" +
  "\n{%- if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"

const CONTROL = ['<|pad|>', '<|end|>', '<|user|>', '<|assistant|>']

/** Look like control tokens, or like parts of them, and are none. */
const LOOK_ALIKES = [
  '<|end|',
  '|>',
  '<|',
  '<| end |>',
  '<|END|>',
  '＜|end|＞',
  '<|user',
  'assistant|>',
]
const SPACES = [
  ' ',
  '   ',
  '\n',
  '\n\n\n',
  '\t\t',
  '\r\n',
  '\u00a0',
  '\u2003 ',
  '\u3000',
  '\u200b',
  '\ufeff',
]
const CONTROLS = ['\u0000', '\u0007', '\u001b[0m', '\u007f', '\u0085', '\u2028', '\u202e']
const OTHERS = [
  "I'll",
  "don't",
  "'S",
  'naïve',
  'Å',
  'A\u030a',
  '中文',
  'नमस्ते',
  'שלום',
  'ﬀ',
  '²',
  '٣',
  'Ⅷ',
]
const EMOJI = ['🦆', '👩‍👩‍👧‍👦', '🇳🇴', '👍🏽', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '\ud83d', '\udc00x']

const harmless = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.stringMatching(/^[0-9]{1,12}$/),
  fc.constantFrom(...LOOK_ALIKES, ...SPACES, ...CONTROLS, ...OTHERS, ...EMOJI),
  fc.constantFrom(' the', ' duck', 'What is', ' 7 plus 8?', 'Norway.'),
)
const joined = (part: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''))
const anyText = joined(fc.oneof(harmless, fc.constantFrom(...CONTROL)))
const plainText = joined(harmless).filter((text) => !CONTROL.some((token) => text.includes(token)))

const chat = fc.array(
  fc.record({
    role: fc.constantFrom('system', 'user', 'assistant'),
    content: plainText,
  }),
  { minLength: 1, maxLength: 6 },
)

describe('interoperability of the tokenizer', function () {
  this.timeout(60_000)
  let folder: string
  let ours: TokenIds
  let theirs: PreTrainedTokenizer
  before(async () => {
    folder = await testFolder('tokenizer')
    ours = new TokenIds(DUCKLING)
    theirs = await open(DUCKLING)
  })
  after(() => ours.close())

  /** A folder with Duckling's tokenizer, one of whose files is another one. */
  async function variant(name: string, file: string, change: object): Promise<string> {
    const target = join(folder, name)
    await mkdir(target)
    for (const each of ['tokenizer.json', 'tokenizer_config.json']) {
      await copyFile(join(DUCKLING, each), join(target, each))
    }
    const json = JSON.parse(await readFile(join(target, file), 'utf8')) as object
    await writeFile(join(target, file), JSON.stringify({ ...json, ...change }))
    return target
  }

  it('gives the same ids for any text without control tokens', async () => {
    await fc.assert(
      fc.asyncProperty(plainText, async (text) => {
        const ids = theirs.encode(text, { add_special_tokens: false })
        expect((await ours.of({ text })).ids).to.deep.equal(ids)
      }),
      { numRuns: 1_000 },
    )
  })

  // Where a text holds a whole control token, transformers.js gives that token, and the engine the text that was
  // typed: a user must not end a turn. So there the same tokenizer without control tokens is compared with.
  it('gives the ids of plain text for typed control tokens', async () => {
    const plain = await open(await variant('plain', 'tokenizer.json', { added_tokens: [] }))
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        const ids = plain.encode(text, { add_special_tokens: false })
        expect((await ours.of({ text })).ids).to.deep.equal(ids)
      }),
      { numRuns: 500 },
    )
  })

  it('decodes any ids to the same text', async () => {
    const anyIds = fc.array(fc.integer({ min: 0, max: 1023 }), { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(anyIds, async (ids) => {
        const options = { skip_special_tokens: true, clean_up_tokenization_spaces: false }
        expect((await ours.of({ ids })).text).to.equal(theirs.decode(ids, options))
      }),
      { numRuns: 500 },
    )
  })

  it('renders chats to the same ids, by the template of Duckling and by another one', async () => {
    const change = { chat_template: OTHER_TEMPLATE, bos_token: '<|user|>' }
    const target = await variant('template', 'tokenizer_config.json', change)
    const others = new TokenIds(target)
    for (const [ids, tokenizer] of [
      [ours, theirs],
      [others, await open(target)],
    ] as const) {
      await fc.assert(
        fc.asyncProperty(chat, async (messages) => {
          const expected = tokenizer.apply_chat_template<true, false, false>(messages, {
            add_generation_prompt: true,
            tokenize: true,
            return_dict: false,
            return_tensor: false,
          })
          expect((await ids.of({ messages })).ids).to.deep.equal(expected)
        }),
        { numRuns: 300 },
      )
    }
    await others.close()
  })
})

async function open(folder: string): Promise<PreTrainedTokenizer> {
  env.allowRemoteModels = false
  env.useFSCache = false
  env.localModelPath = `${dirname(folder)}/`
  return AutoTokenizer.from_pretrained(basename(folder))
}
