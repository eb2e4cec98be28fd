import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { expect } from 'chai'
import { KEEP_ALIVE_MS, STALL_MS } from '../../src/gateway/constants.ts'
import { EventStream } from '../../src/gateway/event-stream.ts'
import { ManualClock } from '../manual-clock.ts'
import { settle } from '../settle.ts'

/** A response whose reader takes what a test lets it take. */
class SlowResponse extends EventEmitter {
  text = ''
  destroyed = false
  ended = false
  isFull = false

  get writableNeedDrain(): boolean {
    return this.isFull
  }

  writeHead(): void {
    this.text = ''
  }

  flushHeaders(): void {
    this.text = ''
  }

  write(text: string): boolean {
    this.text += text
    return !this.isFull
  }

  end(): void {
    this.ended = true
  }

  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
}

describe('EventStream', () => {
  let clock: ManualClock
  let response: SlowResponse
  let stream: EventStream

  beforeEach(() => {
    clock = new ManualClock()
    response = new SlowResponse()
    stream = new EventStream(response as unknown as ServerResponse, clock)
    stream.open()
  })

  it('writes events and comments as the standard has them; a comment is one line', async () => {
    await stream.data({ a: 'x\ny' })
    await stream.comment('one\r\ntwo')
    await stream.done()
    expect(response.text).to.equal('data: {"a":"x\\ny"}\n\n: one two\n\ndata: [DONE]\n\n')
    expect(response.ended).to.equal(true)
    expect(clock.pending).to.deep.equal([])
  })

  it('waits for a slow reader and goes on when it reads', async () => {
    response.isFull = true
    let isWritten = false
    const writing = stream.data('x').then(() => (isWritten = true))
    await settle()
    expect(isWritten).to.equal(false)
    response.isFull = false
    response.emit('drain')
    await writing
    expect(response.listenerCount('drain') + response.listenerCount('close')).to.equal(0)
    expect(clock.pending).to.deep.equal([KEEP_ALIVE_MS])
  })

  it('does not pile up signs of life before a reader that takes nothing, and hangs up on it', async () => {
    response.isFull = true
    const writing = stream.data('x')
    clock.advance(STALL_MS - 1)
    expect(response.text).to.equal('data: "x"\n\n')
    expect(response.destroyed).to.equal(false)
    clock.advance(1)
    expect(response.destroyed).to.equal(true)
    await writing
  })

  it('writes nothing to a reader that is gone', async () => {
    response.destroy()
    response.text = ''
    await stream.data('x')
    clock.advance(KEEP_ALIVE_MS)
    expect(response.text).to.equal('')
    expect(clock.pending).to.deep.equal([])
  })
})
