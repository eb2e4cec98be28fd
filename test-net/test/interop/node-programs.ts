/** Programs of the node package as processes: its command line, and what its tests write for others. */
import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { nodeChild } from '../../src/processes/node-child.ts'
import { duckmesh, repositoryFile } from '../support/run.ts'
import { testFolder, testRoot } from '../support/test-root.ts'

export const DUCKLING: string = repositoryFile('node/models/duckling')

/** `duckmesh models pack`. */
export async function pack(folder: string, target: string, ...options: string[]): Promise<void> {
  const { code, stderr } = await duckmesh(['models', 'pack', folder, target, ...options])
  expect(code, stderr).to.equal(0)
}

let standard: Promise<string> | undefined

/** A folder with the standard layout of Duckling, made once for all specs. */
export function standardDuckling(): Promise<string> {
  const make = async (): Promise<string> => {
    const target = join(await testFolder('standard'), 'duckling')
    await pack(DUCKLING, target, '--layout', 'standard')
    return target
  }
  standard ??= make()
  return standard
}

/** Writes folders of other architectures, with manifests: gpt2, gpt2-external, qwen3. */
export async function writeForeignModels(folder: string): Promise<void> {
  const child = start('write-foreign-models.ts', folder)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  expect(code).to.equal(0)
}

/** A conversation, a text or the ids of one. */
export type Asked =
  | { readonly ids: readonly number[] }
  | { readonly text: string }
  | { readonly messages: readonly { role: string; content: string }[] }

/** What the engine's tokenizer gave. */
export interface Told {
  readonly ids: number[]
  readonly text: string
}

/** The engine's tokenizer in a process of its own: one line asks, one line answers. */
export class TokenIds {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string, undefined>
  readonly #closed: Promise<unknown>

  /** @param folder of the model */
  constructor(folder: string) {
    this.#child = start('write-token-ids.ts', folder)
    this.#closed = new Promise((resolve) => this.#child.once('close', resolve))
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  async of(asked: Asked): Promise<Told> {
    // For a reader of lines these two end one, for JSON they do not.
    const line = JSON.stringify(asked)
      .replaceAll('\u2028', '\\u2028')
      .replaceAll('\u2029', '\\u2029')
    this.#child.stdin.write(`${line}\n`)
    const next: IteratorResult<string, undefined> = await this.#lines.next()
    expect(next.done, `the tokenizer ended at ${JSON.stringify(asked)}`).to.not.equal(true)
    return JSON.parse(next.value ?? '') as Told
  }

  /** It ends with its input. */
  async close(): Promise<void> {
    this.#child.stdin.end()
    await this.#closed
  }
}

function start(program: string, ...args: string[]): ChildProcessWithoutNullStreams {
  const path = repositoryFile(`node/test/engine/interop/${program}`)
  const { args: all, command, env } = nodeChild(testRoot(), [path, ...args])
  const child = spawn(command, all, { env: { ...process.env, ...env } })
  child.stderr.pipe(process.stderr)
  return child
}
