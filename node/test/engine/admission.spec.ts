/** Tests: Admission, on a clock of its own. */
import { expect } from 'chai'
import fc from 'fast-check'
import { Admission } from '../../src/engine/admission.ts'
import { EngineError } from '../../src/engine/index.ts'
import { expectCode } from './support/expect-code.ts'
import { NEVER } from './support/requests.ts'

describe('engine/admission', () => {
  let timers: { task: () => void; delayMs: number }[]
  let admission: Admission
  beforeEach(() => {
    timers = []
    admission = limited(2, 3)
  })

  function limited(maxOpen: number, maxQueued: number): Admission {
    return new Admission({
      maxOpen,
      maxQueued,
      schedule: (task, delayMs) => {
        const timer = { task, delayMs }
        timers.push(timer)
        return () => {
          timers = timers.filter((each) => each !== timer)
        }
      },
    })
  }

  const enter = (client = '', waitMs = 0, signal = NEVER): Promise<void> =>
    admission.enter({ client, waitMs }, signal)

  it('refuses at once who does not want to wait', async () => {
    await enter()
    await enter()
    const { details } = await expectCode('ENGINE_BUSY', () => enter())
    expect(details).to.deep.equal({ open: 2, limit: 2 })
    await expectCode('ENGINE_BUSY', () => enter('', NaN))
    admission.leave('')
    await enter()
    expect(admission.open).to.equal(2)
  })

  it('admits who waits when a place is free, and stops the clock', async () => {
    await enter()
    await enter()
    const waiting = enter('', 500)
    expect([admission.queued, timers[0]?.delayMs]).to.deep.equal([1, 500])
    admission.leave('')
    await waiting
    expect([admission.open, admission.queued, timers.length]).to.deep.equal([2, 0, 0])
  })

  it('refuses who has waited as long as it wanted', async () => {
    await enter()
    await enter()
    const waiting = enter('', 500)
    timers[0]?.task()
    await expectCode('ENGINE_BUSY', () => waiting)
    expect([admission.open, admission.queued]).to.deep.equal([2, 0])
  })

  it('refuses one too many in the queue', async () => {
    await enter()
    await enter()
    const waiting = [1, 2, 3].map(() => enter('', 500))
    await expectCode('ENGINE_BUSY', () => enter('', 500))
    for (let i = 0; i < 3; i++) admission.leave('')
    await Promise.all(waiting)
  })

  it('lets go of who cancels', async () => {
    await enter()
    await enter()
    const cancel = new AbortController()
    const waiting = enter('', 500, cancel.signal)
    cancel.abort()
    await expectCode('CANCELLED', () => waiting)
    expect([admission.open, admission.queued, timers.length]).to.deep.equal([2, 0, 0])
    await expectCode('CANCELLED', () => enter('', 500, cancel.signal))
  })

  it('gives a free place to the client that holds the fewest, then to who came first', async () => {
    admission = limited(3, 9)
    for (const client of ['a', 'a', 'b']) await enter(client)
    const order: string[] = []
    const waiting = ['a', 'b', 'c', 'c'].map(async (client, i) => {
      await enter(client, 500)
      order.push(`${client}${i}`)
    })
    for (const client of ['a', 'b', 'a', 'c']) {
      admission.leave(client)
      await Promise.resolve()
    }
    await Promise.all(waiting)
    expect(order).to.deep.equal(['c2', 'b1', 'a0', 'c3'])
  })

  it('refuses all who wait when it stops', async () => {
    await enter()
    await enter()
    const waiting = enter('', 500)
    admission.stop(new EngineError('ENGINE_STOPPED', 'The engine is stopped.'))
    await expectCode('ENGINE_STOPPED', () => waiting)
    expect(timers).to.deep.equal([])
  })

  it('never gives more places than there are, and never leaves one free while someone waits', () => {
    const client = fc.constantFrom('a', 'b', 'c')
    fc.assert(
      fc.property(fc.array(fc.tuple(client, fc.boolean()), { maxLength: 60 }), (actions) => {
        admission = limited(3, 1000)
        const held: string[] = []
        let asked = 0
        for (const [who, comes] of actions) {
          if (comes) {
            asked++
            void admission.enter({ client: who, waitMs: 1e6 }, NEVER).catch(() => undefined)
            if (admission.queued === 0) held.push(who)
          } else if (held.length > 0) admission.leave(held.shift() ?? '')
          expect(admission.open).to.be.at.most(3)
          if (admission.queued > 0) expect(admission.open).to.equal(3)
        }
        expect(admission.open + admission.queued).to.be.at.most(asked)
      }),
    )
  })
})
