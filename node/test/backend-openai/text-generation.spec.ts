import { DuckMeshError, textOfToken } from '@duckmesh/protocols'
import type { StepFinish } from '@duckmesh/protocols/dispatch'
import { expect } from 'chai'
import type { StreamPart } from '../../src/backend-openai/interface.ts'
import { TextGeneration } from '../../src/backend-openai/text-generation.ts'
import { rejection } from '../reject.ts'

const never = new AbortController().signal

/** Requests that give these parts, one list each; an error among them is thrown. */
class Script {
  readonly signals: AbortSignal[] = []
  readonly ends: (string | undefined)[] = []
  /** Parts that were taken. */
  taken = 0
  readonly #requests: (StreamPart | DuckMeshError)[][]

  constructor(...requests: (StreamPart | DuckMeshError)[][]) {
    this.#requests = requests
  }

  generation(stop: readonly string[] = []): TextGeneration {
    return new TextGeneration({
      tokensIn: 5,
      stop,
      request: (signal) => this.#run(signal),
      onEnd: (failure) => this.ends.push(failure?.code),
    })
  }

  async *#run(signal: AbortSignal): AsyncGenerator<StreamPart, void, void> {
    this.signals.push(signal)
    for (const part of this.#requests[this.signals.length - 1] ?? []) {
      signal.throwIfAborted()
      if (part instanceof DuckMeshError) throw part
      this.taken += 1
      yield part
    }
  }
}

const say = (text: string): StreamPart => ({ type: 'text', text })
const finish = (reason: 'stop' | 'length' = 'stop'): StreamPart => ({ type: 'finish', reason })

interface Step extends StepFinish {
  ids: number[]
  text: string
}

async function step(generation: TextGeneration, maxTokens: number, signal = never): Promise<Step> {
  const done: Step = { ids: [], text: '', finishReason: null }
  const groups = generation.step(maxTokens, signal)
  for (;;) {
    const next = await groups.next()
    if (next.done === true) return { ...done, ...next.value }
    expect(next.value.ids).to.not.deep.equal([])
    expect(next.value.ids.map(textOfToken).join('')).to.equal(next.value.text)
    done.ids.push(...next.value.ids)
    done.text += next.value.text
  }
}

describe('TextGeneration', () => {
  it('gives exactly the tokens of a step, and reads nothing more', async () => {
    const script = new Script([say('12345678'), say('9abcdefg'), say('hi'), finish()])
    const generation = script.generation()
    expect(generation.tokensIn).to.equal(5)
    expect(script.signals).to.deep.equal([])
    const first = await step(generation, 3)
    expect(first).to.deep.include({ text: '123456789abc', finishReason: null })
    expect(first.ids).to.have.length(3)
    expect(script.taken).to.equal(2)
    expect(await step(generation, 3)).to.deep.include({ text: 'defghi', finishReason: 'stop' })
    expect(script.ends).to.deep.equal([undefined])
  })

  it('says why the answer ended with its last token, not a step later', async () => {
    const script = new Script([say('12345678'), finish('length')])
    const generation = script.generation()
    expect(await step(generation, 1)).to.deep.include({ text: '1234', finishReason: null })
    expect(await step(generation, 9)).to.deep.include({ text: '5678', finishReason: 'length' })
  })

  it('ends with nothing when the endpoint says nothing', async () => {
    const script = new Script([{ type: 'quiet' }, finish()])
    const { finishReason, ids } = await step(script.generation(), 4)
    expect({ finishReason, ids }).to.deep.equal({ finishReason: 'stop', ids: [] })
  })

  it('ends before a stop string, wherever it is cut, and closes the request', async () => {
    const script = new Script([say('one two E'), say('N'), say('D three'), say(' four'), finish()])
    const generation = script.generation(['END', 'four'])
    expect(await step(generation, 64)).to.deep.include({ text: 'one two ', finishReason: 'stop' })
    expect(script.taken).to.equal(3)
    expect(script.signals[0]?.aborted).to.equal(true)
  })

  it('gives what looked like a stop string when it was none', async () => {
    const script = new Script([say('one EN'), finish()])
    expect((await step(script.generation(['END']), 64)).text).to.equal('one EN')
  })

  it('tries again when the first try reached nobody, once', async () => {
    const away = new DuckMeshError('BACKEND_UNREACHABLE', 'Away.')
    const script = new Script([away], [say('back'), finish()])
    expect((await step(script.generation(), 8)).text).to.equal('back')
    expect(script.ends).to.deep.equal([undefined])
    const twice = new Script([away], [away], [say('late'), finish()])
    expect((await rejection(step(twice.generation(), 8))).code).to.equal('BACKEND_UNREACHABLE')
    expect(twice.signals).to.have.length(2)
    expect(twice.ends).to.deep.equal(['BACKEND_UNREACHABLE'])
  })

  it('never tries again after the first part, nor after an answer with an error', async () => {
    for (const [parts, code] of [
      [[say('half'), new DuckMeshError('BACKEND_UNREACHABLE', 'Away.')], 'BACKEND_UNREACHABLE'],
      [[new DuckMeshError('PROVIDER_BUSY', 'Busy.')], 'PROVIDER_BUSY'],
      [[new DuckMeshError('BACKEND_FAILED', 'Broken.')], 'BACKEND_FAILED'],
    ] as const) {
      const script = new Script([...parts], [say('again'), finish()])
      expect((await rejection(step(script.generation(), 8))).code).to.equal(code)
      expect(script.signals).to.have.length(1)
      expect(script.ends).to.deep.equal([code])
    }
  })

  it('is closed by an abort, within the step', async () => {
    const stop = new AbortController()
    const script = new Script([say('12345678'), say('9'), finish()])
    const generation = script.generation()
    const groups = generation.step(64, stop.signal)
    await groups.next()
    stop.abort()
    expect(script.signals[0]?.aborted).to.equal(true)
    expect((await rejection(groups.next())).code).to.equal('CANCELLED')
    expect((await rejection(step(generation, 1))).code).to.equal('CANCELLED')
    // Given up is no failure of the endpoint.
    expect(script.ends).to.deep.equal([undefined])
  })

  it('sends nothing when it is closed before its first step', async () => {
    const script = new Script([say('x'), finish()])
    const generation = script.generation()
    generation.close()
    generation.close()
    expect((await rejection(step(generation, 1))).code).to.equal('CANCELLED')
    const aborted = script.generation()
    expect((await rejection(step(aborted, 1, AbortSignal.abort()))).code).to.equal('CANCELLED')
    expect(script.signals).to.deep.equal([])
    expect(script.ends).to.deep.equal([undefined, undefined])
  })
})
