import { expect } from 'chai'
import { numberIds, numbersOf } from '../../../src/dispatch/index.ts'
import type { OpenGeneration, StepFinish, TokenGroup } from '../../../src/dispatch/index.ts'
import { DuckMeshError } from '../../../src/errors.ts'
import { Fleet, billed } from '../support/fleet.ts'
import type { FleetProvider, PlanInput } from '../support/fleet.ts'

const WIDTH = 100
const TEXTS = Array.from({ length: 12 }, (_, n) => `text ${n}`)
/** Tokens that the provider counts for each text. */
const TOKENS = 1
const broke = new DuckMeshError('ENGINE_CRASHED', 'The engine crashed.')

/** A unit vector of each text: one number is 1. */
const vectorOf = (text: number): Float32Array =>
  Float32Array.from({ length: WIDTH }, (_, n) => (n === text ? 1 : 0))
const ANSWER = TEXTS.flatMap((_, text) => numberIds(vectorOf(text)))

interface Behaviour {
  /** Breaks when so many numbers of the answer were sent. */
  breaksAt?: number
  /** What it sends instead of the answer. */
  ids?: readonly number[]
  /** Says so beside the numbers. */
  text?: string
}

/** Has a provider serve the answer behind the prefix, 64 numbers at a time. */
function serveNumbers(provider: FleetProvider, behaviour: Behaviour): void {
  const { breaksAt = Infinity, ids: all = ANSWER, text = '' } = behaviour
  provider.engine.open = (_, spec, prefixIds): Promise<OpenGeneration> => {
    const from = prefixIds.length
    expect(from % WIDTH).to.equal(0)
    expect(prefixIds).to.deep.equal(ANSWER.slice(0, from))
    let sent = from
    return Promise.resolve({
      tokensIn: ((spec.texts?.length ?? 0) - from / WIDTH) * TOKENS,
      step: (maxTokens) => step(maxTokens),
      close: () => undefined,
    })
    async function* step(maxTokens: number): AsyncGenerator<TokenGroup, StepFinish> {
      for (let room = maxTokens; room > 0 && sent < all.length;) {
        if (sent >= breaksAt) throw broke
        const ids = all.slice(sent, sent + Math.min(64, room))
        room -= ids.length
        sent += ids.length
        yield { ids, text }
      }
      return { finishReason: sent < all.length ? null : 'stop' }
    }
  }
}

const NUMBERS: PlanInput = {
  maxTokens: ANSWER.length,
  numbers: { task: 'embed', width: WIDTH },
  spec: { task: 'embed', texts: TEXTS, messages: [] },
}

async function run(
  behaviours: Behaviour[],
  over: PlanInput = {},
): Promise<{ fleet: Fleet; outcome: Awaited<ReturnType<Fleet['finish']>>['outcome'] }> {
  const fleet = new Fleet(behaviours.length)
  for (const [index, behaviour] of behaviours.entries()) serveNumbers(fleet.at(index), behaviour)
  const job = await fleet.stream({ ...NUMBERS, ...over })
  return { fleet, outcome: (await fleet.finish(job)).outcome }
}

describe('a job of numbers', () => {
  it('comes in steps of 512 numbers, billed by the tokens of the texts and by the numbers', async () => {
    const { fleet, outcome } = await run([{}])
    expect(outcome).to.include({ state: 'finalized', text: '', tokensIn: TEXTS.length * TOKENS })
    expect(outcome.ids).to.deep.equal(ANSWER)
    expect(numbersOf(outcome.ids).slice(WIDTH, 2 * WIDTH)).to.deep.equal(vectorOf(1))
    const [segment] = outcome.segments
    expect(segment?.receipts.map(({ tokensOut }) => tokensOut)).to.deep.equal([512, 512, 176])
    expect(outcome.paid).to.equal(billed(segment?.receipts ?? []))
    expect(fleet.sent('award')[0]?.frame.award.task).to.equal('embed')
  })

  it('goes on with the text that was not whole at the next place, which bills what it computes', async () => {
    const { fleet, outcome } = await run([{ breaksAt: 640 }, {}])
    expect(outcome).to.include({ state: 'finalized', tokensIn: TEXTS.length * TOKENS })
    expect(outcome.ids).to.deep.equal(ANSWER)
    const [first, second] = outcome.segments
    expect(first?.ids).to.have.length(640)
    expect(second).to.include({ fromToken: 600, tokensIn: 6 * TOKENS })
    expect(fleet.sent('award')[1]?.frame.award.prefixIds).to.deep.equal(ANSWER.slice(0, 600))
  })

  it('tells the tokens of those texts that somebody billed', async () => {
    const { outcome } = await run([{ breaksAt: 256 }, {}])
    // The first has no receipt; the second began with the third text.
    expect(outcome.segments.map(({ receipts }) => receipts.length)).to.deep.equal([0, 2])
    expect(outcome).to.include({ state: 'finalized', tokensIn: (TEXTS.length - 2) * TOKENS })
    expect(outcome.ids).to.deep.equal(ANSWER)
  })

  const zero = Array.from({ length: WIDTH }, () => 0)
  const wrong: [string, Behaviour, string][] = [
    [
      'a number that is none',
      { ids: [...numberIds(Float32Array.of(Number.NaN)), ...ANSWER.slice(1)] },
      'CHUNK_INVALID',
    ],
    ['an embedding of length 0', { ids: [...zero, ...ANSWER.slice(WIDTH)] }, 'CHUNK_INVALID'],
    ['token ids of a text', { ids: ANSWER.map((_, n) => n) }, 'CHUNK_INVALID'],
    ['a text', { text: 'Quack' }, 'CHUNK_INVALID'],
    ['fewer numbers than the texts have', { ids: ANSWER.slice(0, 4 * WIDTH) }, 'RECEIPT_INVALID'],
    ['half a text', { ids: ANSWER.slice(0, ANSWER.length - 1) }, 'RECEIPT_INVALID'],
  ]
  for (const [what, behaviour, code] of wrong) {
    it(`pays nothing for ${what}: ${code}, and the next place serves`, async () => {
      const { outcome } = await run([behaviour, {}])
      expect(outcome.state).to.equal('finalized')
      expect(outcome.ids).to.deep.equal(ANSWER)
      const [first, second] = outcome.segments
      expect(first?.failure?.code).to.equal(code)
      // What came before was right, has a receipt, and is paid.
      const steps = first?.receipts ?? []
      expect(first?.paid).to.equal(billed(steps))
      expect(steps.length).to.equal(what === 'half a text' ? 2 : 0)
      expect(outcome.paid).to.equal((first?.paid ?? 0n) + (second?.paid ?? 0n))
    })
  }

  it('takes no number beyond the last text', async () => {
    const { fleet, outcome } = await run([{ ids: [...ANSWER, ...ANSWER] }])
    // The provider's own rules stop it: it never sends them.
    expect(outcome.ids).to.deep.equal(ANSWER)
    const sent = fleet.sent('chunk').flatMap(({ frame }) => frame.chunk.ids)
    expect(sent).to.have.length(ANSWER.length)
  })

  it('is refused when award and spec name unlike tasks', async () => {
    for (const spec of [{ texts: TEXTS }, { texts: TEXTS, task: 'classify' as const }]) {
      const { outcome } = await run([{}], { spec })
      expect(outcome.failure?.code).to.equal('SPEC_INVALID')
      expect(outcome.paid).to.equal(0n)
    }
    const { numbers: _, ...chat } = NUMBERS
    const fleet = new Fleet(1)
    serveNumbers(fleet.at(0), {})
    const { outcome } = await fleet.finish(await fleet.stream(chat))
    expect(outcome.failure?.code).to.equal('SPEC_INVALID')
  })

  it('is refused by every member of a redundant job', async () => {
    const fleet = new Fleet(3)
    for (const provider of fleet.providers) serveNumbers(provider, {})
    const { outcome } = await fleet.finish(await fleet.redundant(NUMBERS))
    expect(outcome.segments.map(({ failure }) => failure?.code)).to.include('NOT_SUPPORTED')
    expect(outcome.state).to.equal('failed')
    expect(outcome.paid).to.equal(0n)
  })
})
