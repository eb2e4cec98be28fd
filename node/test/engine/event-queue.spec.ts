import { expect } from 'chai'
import { EngineError } from '../../src/engine/index.ts'
import { EventQueue } from '../../src/engine/event-queue.ts'
import { expectCode } from './support/expect-code.ts'

const crashed = () => new EngineError('ENGINE_CRASHED', 'It crashed.')

describe('engine/event-queue', () => {
  it('gives items in order, to a reader that comes first or last', async () => {
    const queue = new EventQueue<number>()
    const early = queue.next()
    queue.push(1)
    queue.push(2)
    expect([await early, await queue.next()]).to.deep.equal([1, 2])
  })

  it('gives what waits before the error', async () => {
    const queue = new EventQueue<number>()
    queue.push(1)
    queue.fail(crashed())
    queue.push(2)
    expect(await queue.next()).to.equal(1)
    await expectCode('ENGINE_CRASHED', () => queue.next())
    await expectCode('ENGINE_CRASHED', () => queue.next())
  })

  it('keeps the first error and tells a waiting reader', async () => {
    const queue = new EventQueue<number>()
    const waiting = queue.next()
    queue.fail(crashed())
    queue.fail(new EngineError('CANCELLED', 'It was cancelled.'))
    await expectCode('ENGINE_CRASHED', () => waiting)
    expect(queue.error?.code).to.equal('ENGINE_CRASHED')
  })

  it('drops what waits when it is cleared', async () => {
    const queue = new EventQueue<number>()
    queue.push(1)
    queue.clear()
    queue.fail(crashed())
    await expectCode('ENGINE_CRASHED', () => queue.next())
  })
})
