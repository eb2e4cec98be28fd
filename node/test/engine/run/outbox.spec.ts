import { expect } from 'chai'
import type { GenerationEvent } from '../../../src/engine/messages.ts'
import { FLUSH_INTERVAL_MS, Outbox } from '../../../src/engine/run/outbox.ts'

describe('engine/run/outbox', () => {
  let sent: GenerationEvent[][]
  let now: number
  let outbox: Outbox
  beforeEach(() => {
    sent = []
    now = 1000
    outbox = new Outbox(
      (events) => sent.push(events),
      () => now,
    )
  })

  /** Ids that each generation drew and nobody took yet. */
  const waiting = new Map<number, number[]>()

  const draw = (generation: number, id: number): void => {
    const ids = waiting.get(generation) ?? []
    waiting.set(generation, ids)
    ids.push(id)
    outbox.tokens(generation, {
      takeDrawn: () => {
        const taken = ids.splice(0)
        return { ids: taken, text: taken.join('') }
      },
    })
  }

  const token = (generation: number, id: number): void => {
    draw(generation, id)
    outbox.endTick()
  }

  it('sends the first token of a step at once and groups what follows', () => {
    token(1, 10)
    expect(sent.length).to.equal(1)
    token(1, 11)
    token(1, 12)
    expect(sent.length).to.equal(1)
    now += FLUSH_INTERVAL_MS
    token(1, 13)
    expect(sent[1]).to.deep.equal([
      { type: 'tokens', generation: 1, batch: { ids: [11, 12, 13], text: '111213' } },
    ])
  })

  it('sends the end of a step with all tokens before it', () => {
    token(1, 10)
    token(1, 11)
    outbox.stepEnd(1, { finishReason: 'stop' })
    outbox.endTick()
    expect(sent[1]?.map(({ type }) => type)).to.deep.equal(['tokens', 'stepEnd'])
  })

  it('sends all generations of a tick in one message', () => {
    draw(1, 1)
    draw(2, 2)
    outbox.endTick()
    expect(sent.length).to.equal(1)
    expect(sent[0]?.map(({ generation }) => generation)).to.deep.equal([1, 2])
  })

  it('fails the generation whose text cannot be made, and sends the others', () => {
    outbox.tokens(1, {
      takeDrawn: () => {
        throw new TypeError('no text')
      },
    })
    draw(2, 2)
    outbox.endTick()
    expect(sent[0]?.map(({ type }) => type)).to.deep.equal(['failed', 'tokens'])
  })

  it('sends nothing when nothing happened', () => {
    outbox.endTick()
    expect(sent).to.deep.equal([])
  })
})
