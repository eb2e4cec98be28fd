import { expect } from 'chai'
import { ControlTokenGuard } from '../../../src/engine/text/control-token-guard.ts'

const token = (id: number, content: string, strip = false) => ({
  id,
  content,
  lstrip: strip,
  rstrip: strip,
})

describe('engine/text/control-token-guard', () => {
  it('splits a prompt at the control tokens, the longest first', () => {
    const guard = new ControlTokenGuard([token(1, '[A]'), token(2, '[A][B]')])
    expect(guard.split('x[A][B]y[A]', '\ue000')).to.deep.equal([
      { text: 'x' },
      { control: 2 },
      { text: 'y' },
      { control: 1 },
    ])
  })

  it('lets a token take the white space beside it when it says so', () => {
    const guard = new ControlTokenGuard([token(1, '<mask>', true)])
    expect(guard.split('a <mask>  b', '\ue000')).to.deep.equal([
      { text: 'a' },
      { control: 1 },
      { text: 'b' },
    ])
  })

  it('breaks up a token inside a broken token', () => {
    const guard = new ControlTokenGuard([token(1, '<|a|>'), token(2, 'a|>')])
    const segments = guard.split(guard.defuse('<|a|>', '\ue000'), '\ue000')
    expect(segments).to.deep.equal([{ text: '<|a|>' }])
  })

  it('takes a marker that no message contains', () => {
    const guard = new ControlTokenGuard([])
    expect(guard.marker(['plain'])).to.equal('\ue000')
    expect(guard.marker(['\ue000', 'x\ue001'])).to.equal('\ue002')
  })

  it('takes every character of a token literally', () => {
    const guard = new ControlTokenGuard([token(1, '.*+?^${}()|[]\\/-')])
    expect(guard.split('a.*+?^${}()|[]\\/-b', '\ue000')).to.deep.equal([
      { text: 'a' },
      { control: 1 },
      { text: 'b' },
    ])
    expect(guard.split('plain', '\ue000')).to.deep.equal([{ text: 'plain' }])
  })
})
