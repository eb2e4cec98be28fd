/**
 * Token ids as the engine makes them, for whoever cannot import its tokenizers: `write-token-ids.ts <model folder>`.
 * Reads lines of JSON, {"text": …}, {"messages": …} or {"ids": …}, and writes for each the ids and what they
 * decode to.
 */
import path from 'node:path'
import { createInterface } from 'node:readline'
import { readFile } from 'node:fs/promises'
import type { ChatMessage } from '../../../src/engine/index.ts'
import { ChatTokenizer } from '../../../src/engine/text/chat-tokenizer.ts'

const [, , folder = '.'] = process.argv
const read = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(path.join(folder, name), 'utf8'))
const tokenizer = new ChatTokenizer(
  await read('tokenizer.json'),
  await read('tokenizer_config.json'),
)

type Asked = { text: string } | { messages: ChatMessage[] } | { ids: number[] }

function idsOf(asked: Asked): number[] {
  if ('ids' in asked) return asked.ids
  return 'text' in asked ? tokenizer.encodeText(asked.text) : tokenizer.encodeChat(asked.messages)
}

for await (const line of createInterface({ input: process.stdin })) {
  const ids = idsOf(JSON.parse(line) as Asked)
  const answer = JSON.stringify({ ids, text: tokenizer.decode(ids) })
  // For a reader of lines these two end one, for JSON they do not.
  process.stdout.write(
    `${answer.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}\n`,
  )
}
