/** Gathering of tokens into chunks. */
import { expect } from 'chai'
import { gatherTokens } from '../../../src/dispatch/wire/gather-tokens.ts'
import type { StepFinish, TokenGroup } from '../../../src/dispatch/interface.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'

/** A step whose groups come when the test says so. */
class ManualStep {
  readonly #queue: TokenGroup[] = []
  #end: (() => TokenGroup | Error | null) | null = null
  #wake: () => void = () => undefined

  give(id: number): void {
    this.#queue.push({ ids: [id], text: `${id} ` })
    this.#wake()
  }

  finish(error?: Error): void {
    this.#end = () => error ?? null
    this.#wake()
  }

  async *run(): AsyncGenerator<TokenGroup, StepFinish> {
    for (;;) {
      const group = this.#queue.shift()
      if (group !== undefined) {
        yield group
        continue
      }
      const end = this.#end?.()
      if (end instanceof Error) throw end
      if (end === null) return { finishReason: 'stop' }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

async function collect(
  step: ManualStep,
  clock: FakeClock,
  gatherMs: number,
  out: number[][],
): Promise<StepFinish> {
  const groups = gatherTokens(step.run(), clock, gatherMs)
  for (;;) {
    const next = await groups.next()
    if (next.done === true) return next.value
    out.push(next.value.ids)
  }
}

describe('gathering tokens', () => {
  it('passes the first at once and joins those that come within the time', async () => {
    const [clock, step, out] = [new FakeClock(0), new ManualStep(), [] as number[][]]
    const end = collect(step, clock, 8, out)
    step.give(1)
    await settle()
    expect(out).to.deep.equal([[1]])
    step.give(2)
    step.give(3)
    await settle()
    expect(out).to.deep.equal([[1]])
    await clock.advance(8)
    await settle()
    expect(out).to.deep.equal([[1], [2, 3]])
    step.give(4)
    step.finish()
    expect(await end).to.deep.equal({ finishReason: 'stop' })
    expect(out).to.deep.equal([[1], [2, 3], [4]])
    expect(clock.pending).to.equal(0)
  })

  it('keeps every group apart when told not to gather', async () => {
    const [clock, step, out] = [new FakeClock(0), new ManualStep(), [] as number[][]]
    for (const id of [1, 2, 3]) step.give(id)
    step.finish()
    await collect(step, clock, 0, out)
    expect(out).to.deep.equal([[1], [2], [3]])
  })

  it('fails as the step does', async () => {
    const [clock, step, out] = [new FakeClock(0), new ManualStep(), [] as number[][]]
    step.give(1)
    step.finish(new RangeError('crashed'))
    const failure = await collect(step, clock, 8, out).catch((error: unknown) => error)
    expect(failure).to.be.instanceOf(RangeError)
    expect(out).to.deep.equal([[1]])
  })
})
