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

  const token = (generation: number, id: number): void => {
    outbox.tokens(generation, { ids: [id], text: `${id}` })
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
    outbox.tokens(1, { ids: [1], text: 'a' })
    outbox.tokens(2, { ids: [2], text: 'b' })
    outbox.endTick()
    expect(sent.length).to.equal(1)
    expect(sent[0]?.map(({ generation }) => generation)).to.deep.equal([1, 2])
  })

  it('sends nothing when nothing happened', () => {
    outbox.endTick()
    expect(sent).to.deep.equal([])
  })
})
